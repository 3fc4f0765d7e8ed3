"""Train: XGBoost in script mode. Encoded splits in; model, decision and serving code out, ready to serve.

Several hosts train together, each on its shard of the training rows; the first one leaves the model.

Channels: SM_CHANNEL_TRAIN, SM_CHANNEL_VALIDATION (encoded Parquet), SM_CHANNEL_PREPROCESSOR (preprocessor.json).
Checkpoints go to the folder that CHECKPOINTS names, and are resumed from it; without the variable there are none.
The serving code is the folder `serving/` beside the program, unless SERVING names another.
"""

import os
import sys
from pathlib import Path

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from analysis import threshold
from contract import documents, package
from contract.columns import Task
from contract.decision import Decision
from contract.errors import InputError
from contract.preprocessor import Preprocessor
from model_build.jobs import hyperparameters
from model_build.jobs.artefact import seal
from model_build.jobs.boosting import Stopping, Training, boost
from model_build.jobs.checkpoints import Checkpoints, identity
from model_build.jobs.collective import joined, of_each
from model_build.jobs.encoded import Encoded
from model_build.jobs.hosts import Hosts
from model_build.jobs.hyperparameters import Hyperparameters, misplaced
from model_build.jobs.matrices import binned, plain
from model_build.jobs.program import TRAINING, folder, program

#: Beyond this a label is an identifier or a number: each class costs a tree a round.
MOST_CLASSES = 1000


def train() -> None:
    """Read the environment of the training job, train, and leave the model folder. Raises InputError."""
    document = folder("SM_CHANNEL_PREPROCESSOR") / "preprocessor.json"
    preprocessor = Preprocessor.from_document(documents.read(document))
    task = preprocessor.columns.task
    chosen = hyperparameters.parse(sys.argv[1:], task, len(preprocessor.classes))
    training = load_split("train", preprocessor)
    validation = load_split("validation", preprocessor)
    if task == "binary":
        # A rule that these rows cannot serve is known before hours of training.
        threshold.check(chosen.threshold_rule, validation.labels())
    hosts = Hosts.from_environment()
    with joined(hosts):
        check_labels(training.labels(), task, preprocessor.classes)
        booster = fit(chosen, training, validation, hosts)
    if not hosts.first:
        print(f"{hosts.current} trained on {training.rows} rows; {hosts.names[0]} leaves the model.", flush=True)
        return
    decision = choose_decision(chosen.threshold_rule, preprocessor, validation, booster)

    model_dir = folder("SM_MODEL_DIR", "/opt/ml/model")
    model_dir.mkdir(parents=True, exist_ok=True)
    (model_dir / package.MODEL).write_bytes(booster.save_raw("ubj"))
    seal(model_dir, document, decision, folder("SERVING", str(Path(sys.argv[0]).resolve().parent / "serving")))


def load_split(channel: str, preprocessor: Preprocessor) -> Encoded:
    """The encoded split in the channel, checked against the preprocessor. Raises InputError."""
    return Encoded(folder(f"SM_CHANNEL_{channel.upper()}"), preprocessor.feature_names, channel)


def check_labels(labels: NDArray[np.float32], task: Task, classes: tuple[str, ...]) -> None:
    """Raises InputError when there is nothing to learn: one class only, one value only, too many classes.

    labels  of this host's rows; those of all hosts count
    """
    present = np.unique(np.concatenate(of_each(np.unique(labels))))
    if task == "regression":
        if len(present) < 2:
            raise InputError(
                f"All {sum(of_each(len(labels)))} training rows have the label {present[0]:g}: nothing can be learned."
            )
        return
    if len(classes) > MOST_CLASSES:
        raise InputError(
            f"The label has {len(classes)} classes, at most {MOST_CLASSES} can be learned; "
            'is it an identifier, or a number (task = "regression")?'
        )
    if len(present) < len(classes):
        absent = [name for index, name in enumerate(classes) if index not in present]
        raise InputError(f"The training split has no row of class {', '.join(absent)}: bring more rows of it.")


def fit(chosen: Hyperparameters, training: Encoded, validation: Encoded, hosts: Hosts) -> xgb.Booster:
    """The booster of the best round on the validation split. The same input gives the same bytes on as many threads."""
    say = _say if hosts.first else _silent
    if wrong := next(misplaced(chosen.booster, len(training.features)), None):
        raise InputError(f"The hyperparameter {wrong}")
    parameters = [*chosen.booster.items(), *(("eval_metric", metric) for metric in chosen.eval_metrics)]
    stopping = Stopping(chosen.eval_metrics[0], chosen.early_stopping_rounds)
    try:
        plan = Training(parameters, *matrices(chosen, training, validation), chosen.seed, chosen.num_round)
        booster, stopped = boost(plan, stopping, checkpoints_of(chosen, training, validation, hosts), say)
    except xgb.core.XGBoostError as error:
        raise InputError(f"XGBoost refuses the hyperparameters or the labels: {_reason(error)}") from error
    if chosen.booster.get("booster") != "gblinear" and not booster.get_score():
        raise InputError(
            "XGBoost found no split: every feature is constant in the training split, "
            "or gamma, min_child_weight and max_depth leave none."
        )
    if chosen.early_stopping_rounds is None:
        return booster
    words = "stopped early" if stopped else "all rounds done"
    say(f"Best round {stopping.best_round} by validation-{stopping.metric}, {words}.")
    # Once more: the last value on the log is what tuning compares, and it must be that of the model that is kept.
    say(stopping.best_line)
    return booster[: stopping.best_round + 1]


def matrices(chosen: Hyperparameters, training: Encoded, validation: Encoded) -> tuple[xgb.DMatrix, xgb.DMatrix]:
    """Both splits as the tree method wants them."""
    if not chosen.binned:
        return plain(training), plain(validation)
    bins = binned(training, chosen.max_bin)
    return bins, binned(validation, chosen.max_bin, bins)


def checkpoints_of(chosen: Hyperparameters, training: Encoded, validation: Encoded, hosts: Hosts) -> Checkpoints:
    """Where this training's checkpoints are, when the job has a folder for them; the first host keeps them for all."""
    if not os.environ.get("CHECKPOINTS"):
        return Checkpoints(None, "")
    return Checkpoints(folder("CHECKPOINTS") if hosts.first else None, identity(chosen, training, validation))


def choose_decision(rule: str, preprocessor: Preprocessor, validation: Encoded, booster: xgb.Booster) -> Decision:
    """From scores to decisions: a threshold for a binary task, chosen on the validation split. Raises InputError."""
    task = preprocessor.columns.task
    scores = validation.predict(booster.inplace_predict)
    if not np.isfinite(scores).all():
        raise InputError("The training diverged, scores of the validation split are not finite: take a smaller eta.")
    if task != "binary":
        return Decision(task, preprocessor.classes)
    cut, words = threshold.choose(rule, validation.labels(), scores)
    print(f"Threshold {cut:.6f}: {words}.", flush=True)
    return Decision(task, preprocessor.classes, cut, words)


def _say(line: str) -> None:
    print(line, flush=True)


def _silent(_: str) -> None:
    """The log of the other hosts would say the same again, and a tuning job reads each line."""


def _reason(error: Exception) -> str:
    """The message of XGBoost without source file and stack: the first line after its time stamp and place."""
    first = str(error).split("\n")[0]
    return first.split("] ", 1)[-1].split(": ", 1)[-1] if first.startswith("[") else first


main = program(train, TRAINING)

if __name__ == "__main__":
    main()
