"""What no single key can tell: settings of one configuration that contradict each other, in words."""

import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator

from pydantic import BaseModel, ConfigDict

from analysis import threshold
from contract.decision import OF_PROBABILITIES
from contract.errors import InputError
from model_build.algorithms import ALGORITHMS, Name
from model_build.config import analyses, limits, training, tuning
from model_build.config.tables import LONGEST_WAIT_WITHOUT_CHECKPOINTS, Config
from model_build.jobs import anomaly_threshold
from preprocessing.settings import LABEL

#: Algorithm → what reads its threshold rule, or raises InputError.
THRESHOLDS: dict[Name, Callable[[str], tuple[str, float]]] = {
    "xgboost": threshold.parse,
    "random_cut_forest": anomaly_threshold.parse,
}

#: Of a pipeline and of each of its jobs: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Tag.html
MOST_TAGS = 50


def contradictions(config: Config, own_model: bool) -> Iterator[str]:
    """One sentence per contradiction, each beginning with the key."""
    for check in (_source, _roles, _label, _split, _gate, _threshold, _network, _spot):
        yield from check(config)
    kind: type[BaseModel] = _Free if own_model else ALGORITHMS[config.train.algorithm].hyperparameters
    yield from tuning.contradictions(config, own_model, kind)
    yield from analyses.contradictions(config)
    if own_model:
        yield from _own_model(config)
        return
    yield from _engine(config)
    yield from training.contradictions(config)
    if config.train.algorithm == "random_cut_forest":
        yield from _forest(config)


def _source(config: Config) -> Iterator[str]:
    pipeline = config.pipeline
    if (pipeline.partition is None) != (pipeline.window_days is None):
        yield "pipeline: partition and window_days go together; name both or none."
    if (pipeline.query is None) != (pipeline.database is None):
        yield "pipeline: query and database go together; name both or none."
    if pipeline.query_data is not None and pipeline.query is None:
        yield "pipeline.query_data belongs to a query; remove it, or name query and database."
    if pipeline.query is not None and (pipeline.input_data is not None or pipeline.partition is not None):
        yield "pipeline.query brings the data itself; remove input_data and partition, or the query."


def _roles(config: Config) -> Iterator[str]:
    columns = config.columns
    single = [name for name in (columns.label, columns.event_time) if name]
    lists = columns.numeric + columns.categorical + columns.drop
    derived = columns.derived_numeric + columns.derived_categorical
    counts = Counter([*single, *lists, *derived])
    for name in sorted(name for name, count in counts.items() if count > 1):
        yield f"columns: {name!r} has more than one role (label, event_time, numeric, categorical, drop, derived_*)."
    if not columns.numeric + columns.categorical + derived:
        yield "columns: no feature is left; name at least one numeric or categorical column."
    if LABEL in columns.numeric + columns.categorical + derived and columns.label != LABEL:
        yield f"columns: a feature may not be called {LABEL!r}, as the encoded files call the label; rename or drop it."
    if columns.names:
        repeated = [name for name, count in Counter(columns.names).items() if count > 1]
        absent = sorted({*single, *lists, *columns.facets} - set(columns.names))
        if repeated:
            yield f"columns.names: {', '.join(map(repr, repeated))} stands twice."
        if absent:
            yield f"columns.names: {', '.join(map(repr, absent))} has a role and is not among the names."
    for facet, count in Counter(columns.facets).items():
        if count > 1:
            yield f"columns.facets: {facet!r} stands twice."
        if facet == columns.label:
            yield f"columns.facets: {facet!r} is the label."
        elif facet not in lists:
            yield f"columns.facets: {facet!r} needs a role of its own: numeric, categorical or drop."


def _label(config: Config) -> Iterator[str]:
    columns = config.columns
    if columns.task == "binary" and columns.positive is None:
        yield f"columns.positive is missing: name the value of {columns.label!r} that is class 1."
    if columns.task != "binary" and columns.positive is not None:
        yield f"columns.positive belongs to a binary task, this one is {columns.task}; remove it."
    if columns.positive is not None and columns.positive in columns.missing:
        yield f"columns.positive = {columns.positive!r} is also in columns.missing; it cannot be both."


def _split(config: Config) -> Iterator[str]:
    split, columns = config.split, config.columns
    total = split.train + split.validation + split.test
    if abs(total - 1) > 1e-9:
        yield f"split: train, validation and test sum to {total:g}, they must sum to 1."
    if split.by == "time" and not columns.event_time:
        yield 'split.by = "time" needs columns.event_time.'
    if split.by == "time" and split.key:
        yield 'split.key has no meaning with split.by = "time"; remove it.'
    known = {*columns.numeric, *columns.categorical, *columns.drop, *filter(None, [columns.event_time])}
    for name in split.key:
        if name not in known:
            yield f"split.key: {name!r} has no role in [columns]."


def _gate(config: Config) -> Iterator[str]:
    yield from limits.contradictions(config)
    champion = config.champion
    if config.train.engine == "builtin" and champion.enabled and "champion" in config.model_fields_set:
        yield (
            'champion: with train.engine = "builtin" the champion answers in its own image alone, and nothing is '
            "compared; remove it, or set enabled = false."
        )


def _threshold(config: Config) -> Iterator[str]:
    rule = config.train.threshold
    if config.columns.task != "binary" and "threshold" in config.train.model_fields_set:
        yield f"train.threshold belongs to a binary task, this one is {config.columns.task}; remove it."
    try:
        THRESHOLDS[config.train.algorithm](rule)
    except InputError as error:
        yield f"train.threshold = {rule!r}: {str(error)[0].lower()}{str(error)[1:]}"


def _own_model(config: Config) -> Iterator[str]:
    if config.train.algorithm != "xgboost" or config.train.engine != "script":
        yield "train: train.py beside this file is the model; remove algorithm and engine, or that file."
    if config.instances.training_count > 1:
        yield (
            f"instances.training_count = {config.instances.training_count}: a train.py of one's own trains on one "
            "instance; remove it."
        )


def _engine(config: Config) -> Iterator[str]:
    train = config.train
    if train.engine == "builtin" and train.algorithm == "xgboost":
        yield (
            'train.engine = "builtin" is for random_cut_forest: the XGBoost image does not resume after a Spot '
            'interruption without a script of ours; remove it or write "script".'
        )


def _forest(config: Config) -> Iterator[str]:
    """What Random Cut Forest cannot do, each with the reason."""
    train, task = config.train, config.columns.task
    if task != "binary":
        yield f'train.algorithm = "random_cut_forest" tells usual from unusual rows, the task is {task}.'
    if config.preprocess.impute == "none":
        yield 'preprocess.impute = "none": Random Cut Forest takes no missing numbers; choose median or mean.'
    for key, metric in (("gate.metric", config.gate.metric), ("champion.metric", config.champion.metric)):
        if metric in OF_PROBABILITIES:
            yield f"{key} = {metric!r} needs probabilities, and Random Cut Forest gives anomaly scores; choose auc."
    if train.engine == "builtin" and "seed" in train.hyperparameters:
        yield "train.hyperparameters.seed: the built-in algorithm takes none; remove it."
    yield from _fixed_score(config)
    yield from _shared_trees(config)


def _shared_trees(config: Config) -> Iterator[str]:
    """Each instance grows some of the trees, from files of its own."""
    from model_build.jobs.csv_channels import PARTS  # pyarrow, which few configurations need here

    count = config.instances.training_count
    trees = min(tuning.values(config, "num_trees", 100), default=count)
    if count > trees:
        yield f"instances.training_count = {count} is more than the {trees} trees that the instances could share."
    files = PARTS * config.instances.processing_count
    if config.train.engine == "builtin" and count > files:
        yield (
            f"instances.training_count = {count}: the training rows of the built-in algorithm come in {files} files, "
            "one instance each at most; raise instances.processing_count."
        )


def _fixed_score(config: Config) -> Iterator[str]:
    """A score is an expected inverse depth, at most 1, times log2(1 + samples per tree)."""
    name, _, text = config.train.threshold.partition(":")
    samples = max(tuning.values(config, "num_samples_per_tree", 256), default=0)
    if name != "fixed" or samples < 1:
        return
    try:
        outside = float(text) > math.log2(1 + samples)
    except ValueError:
        return  # said by the check of the rule
    if outside:
        yield (
            f"train.threshold = {config.train.threshold!r} lies outside of the scores: with {samples} samples per tree "
            f"they lie between 0 and {math.log2(1 + samples):.2f}."
        )


class _Free(BaseModel):
    """The hyperparameters of a model of one's own."""

    model_config = ConfigDict(extra="allow")


def _spot(config: Config) -> Iterator[str]:
    wait, runtime = config.longest_wait, config.instances.max_runtime_seconds
    if not config.spot.enabled:
        return
    if wait < runtime:
        yield f"spot.max_wait_seconds = {wait} is less than instances.max_runtime_seconds = {runtime}."
    if config.train.engine == "builtin" and wait > LONGEST_WAIT_WITHOUT_CHECKPOINTS:
        yield (
            f"spot.max_wait_seconds = {wait}: a built-in algorithm without checkpoints may wait at most "
            f"{LONGEST_WAIT_WITHOUT_CHECKPOINTS}."
        )


def _network(config: Config) -> Iterator[str]:
    security = config.security
    if bool(security.subnets) != bool(security.security_groups):
        yield "security: subnets and security_groups go together; name both or none."
    if len(security.tags) > MOST_TAGS:
        yield f"security.tags: AWS takes at most {MOST_TAGS} tags, and these are {len(security.tags)}; remove some."
    for name, value in security.tags.items():
        yield from (f"security.tags: {fault}" for fault in _tag(name, value))


def _tag(name: str, value: str) -> Iterator[str]:
    if name.lower().startswith("aws:"):
        yield f"{name!r} is AWS's own kind of name; choose one without aws: in front."
    if not name:
        yield f"the tag with the value {value!r} has no name; give it one, or remove it."
    if not value:  # AWS would take it, and the SDK leaves it out of a training job
        yield f"{name!r} = '' has no value, which the tags of jobs need; write one, or remove the tag."
    for what, text, most in (("name", name, 128), ("value", value, 256)):
        if len(text) > most:
            yield f"{name!r} = {value!r}: the {what} has {len(text)} characters, at most {most} are taken; shorten it."
        if strange := [one for one in text if unicodedata.category(one)[0] not in "LZN" and one not in "_.:/=+-@"]:
            yield (
                f"{name!r} = {value!r}: the {what} has {strange[0]!r}, which no tag may; write letters, digits, spaces "
                "and _.:/=+-@ alone."
            )
