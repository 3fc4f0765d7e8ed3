"""Early stopping, as https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html has it.

After each epoch a training job's objective is compared with the median, over the earlier jobs, of the running average
of their objective up to the same epoch; a job that is worse is stopped.
"""

from collections.abc import Sequence
from statistics import mean, median

#: So many earlier jobs must have reached the epoch before it says anything.
LEAST = 3


def hopeless(curve: Sequence[float], earlier: Sequence[Sequence[float]], maximise: bool) -> bool:
    """Whether a job with the objectives `curve`, one an epoch, is worse than the median of the earlier ones."""
    epochs = len(curve)
    averages = [mean(other[:epochs]) for other in earlier if len(other) >= epochs]
    if not curve or len(averages) < LEAST:
        return False
    bar = median(averages)
    return curve[-1] < bar if maximise else curve[-1] > bar
