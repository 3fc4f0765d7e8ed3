"""`train` of the image: channels `train` and `test` in, the host's trees out.

SageMaker developer guide, "Random Cut Forest", "Input/Output Interface" and "How Amazon SageMaker provides training
information". Each host grows its part of the trees from its shard, and the trees of all hosts make the forest; how the
closed image shares the work is not known. Nothing is resumed after a Spot interruption, as there: no checkpoints.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract import documents
from contract.errors import InputError
from random_cut_forest import training
from random_cut_forest.channels import Channel, read
from random_cut_forest.hyperparameters import Hyperparameters

FOREST = "forest-{host}.npz"


def main(root: Path) -> None:
    """`root` stands for /opt/ml. On a mistake of the user's: one sentence in output/failure, and exit code 1."""
    try:
        train(root)
    except InputError as error:
        failure = root / "output/failure"
        failure.parent.mkdir(parents=True, exist_ok=True)
        failure.write_text(f"ClientError: {error}", encoding="utf-8")
        sys.exit(f"ClientError: {error}")


def train(root: Path) -> None:
    """Raises InputError."""
    config = root / "input/config"
    hyperparameters = Hyperparameters.parse(documents.read(config / "hyperparameters.json"))
    channels = documents.read(config / "inputdataconfig.json")
    resources = documents.read(config / "resourceconfig.json")
    host, hosts = resources["current_host"], sorted(resources["hosts"])
    place = hosts.index(host)
    rows = _channel(root, channels, "train")
    # The first host alone judges: each would see all of the channel.
    test = _channel(root, channels, "test") if place == 0 and "test" in channels else None
    trees = training.share(hyperparameters.num_trees, place, len(hosts))
    forest, _ = training.train(hyperparameters, rows, test, seed=place, trees=trees, host=host, log=_say)
    forest.save(root / "model" / FOREST.format(host=host))


def _channel(root: Path, channels: Mapping[str, Any], name: str) -> Channel:
    if name not in channels:
        raise InputError(f"There is no channel {name}; the job has {', '.join(channels) or 'none'}.")
    return read(root / "input/data" / name, channels[name].get("ContentType", "no content type"))


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  the log of the job


if __name__ == "__main__":
    main(Path(sys.argv[1]))
