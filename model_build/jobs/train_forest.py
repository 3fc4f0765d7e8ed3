"""Train: Random Cut Forest in script mode. Encoded splits in; forest, decision and serving code out, ready to serve.

Channels as those of `train`. Labels do not train the forest: those of the validation split choose the threshold and
are held against the scores on the log. Several hosts share the trees, each growing its part from its shard of the
training rows; the first one joins them and leaves the model.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.ranking import Ranking
from contract import documents, package
from contract.decision import Decision
from contract.errors import InputError
from contract.preprocessor import Preprocessor
from model_build.jobs import anomaly_threshold
from model_build.jobs.arguments import pairs
from model_build.jobs.artefact import seal
from model_build.jobs.encoded import Encoded, Floats
from model_build.jobs.hosts import ALONE, Hosts
from model_build.jobs.program import TRAINING, folder, program
from random_cut_forest import RandomCutForest, merge, training
from random_cut_forest.channels import Channel
from random_cut_forest.hyperparameters import Hyperparameters

#: What a forest is grown with unless the hyperparameter `seed` says otherwise.
SEED = 42

CHANNELS = ("train", "validation")


def train() -> None:
    """Read the environment of the training job, grow the forest, and leave the model folder. Raises InputError."""
    document = folder("SM_CHANNEL_PREPROCESSOR") / "preprocessor.json"
    preprocessor = Preprocessor.from_document(documents.read(document))
    given = pairs(sys.argv[1:])
    rule = given.pop("threshold_rule", "f1")
    train_split, validation = (
        Encoded(folder(f"SM_CHANNEL_{name.upper()}"), preprocessor.feature_names, name) for name in CHANNELS
    )
    labels = validation.labels()
    # A rule that these rows cannot serve is known before the training.
    anomaly_threshold.check(rule, labels)
    hosts = Hosts.from_environment()
    forest, scores = grow(given, train_split, validation, hosts)
    if not hosts.first:
        _say(f"{hosts.current} grew its trees from {train_split.rows} rows; {hosts.names[0]} leaves the model.")
        return
    cut, words = anomaly_threshold.choose(rule, labels, scores)
    print(f"Threshold {cut:.6f}: {words}.", flush=True)

    path = folder("SM_MODEL_DIR", "/opt/ml/model") / package.FOREST
    path.parent.mkdir(parents=True, exist_ok=True)
    forest.save(path)
    decision = Decision(preprocessor.columns.task, preprocessor.classes, cut, words, scale="anomaly")
    serving = folder("SERVING", str(Path(sys.argv[0]).resolve().parent / "serving"))
    seal(folder("SM_MODEL_DIR", "/opt/ml/model"), document, decision, serving)


def grow(
    given: Mapping[str, str], train: Encoded, validation: Encoded, hosts: Hosts = ALONE
) -> tuple[RandomCutForest, NDArray[np.float64]]:
    """The forest of the training rows of all hosts, and the scores of the validation rows; both are judged on the log.

    given  hyperparameters as texts. On hosts other than the first: the trees that they have grown, and no scores.
    Raises InputError for hyperparameters that Random Cut Forest refuses.
    """
    chosen = dict(given)
    seed = _whole(chosen.pop("seed", str(SEED)))
    hyperparameters = Hyperparameters.parse({**chosen, "feature_dim": len(train.features)})
    # Neighbours in the files may be alike, and a tree may take a slice of them: the order must not matter.
    rows = np.random.default_rng(seed).permutation(_rows(train))
    trees = training.share(hyperparameters.num_trees, hosts.rank, len(hosts.names))
    own, _ = training.train(hyperparameters, Channel(rows), seed=seed + hosts.rank, trees=trees, log=_say)
    forest = joined(own, hosts)
    if not hosts.first:
        return forest, np.empty(0)
    scores = forest.score(_rows(validation))
    training.judge(scores, validation.labels().astype(np.int64), hyperparameters, hosts.current, _say)
    if 0 < validation.labels().sum() < validation.rows:
        _say(f"validation-auc:{Ranking(validation.labels(), scores).auc():.5f}")
    return forest, scores


def joined(own: RandomCutForest, hosts: Hosts) -> RandomCutForest:
    """On the first host the trees of all; on the others their own."""
    if not hosts.several:
        return own
    with tempfile.TemporaryDirectory() as folder:
        path, found = Path(folder) / "forest.npz", [own]

        def merged(parts: Sequence[bytes]) -> bytes:
            found[:] = []
            for part in parts:
                path.write_bytes(part)
                found.append(RandomCutForest.load(path))
            return b""

        own.save(path)
        hosts.exchange(path.read_bytes(), merged)
    return merge(found)


def _rows(split: Encoded) -> Floats:
    return np.concatenate([matrix for matrix, _ in split.batches()])


def _whole(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise InputError(f"The hyperparameter seed is {text!r:.50}, a whole number of 18 digits at most is needed.")
    return int(text)


def _say(line: str) -> None:
    print(line, flush=True)


main = program(train, TRAINING)

if __name__ == "__main__":
    main()
