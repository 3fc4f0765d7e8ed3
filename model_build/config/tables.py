"""The tables of `config.toml`, and `Config`, the whole of it."""

import re
import sys
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from contract.columns import MISSING, Columns, Task
from model_build import algorithms
from model_build.config.judging import Analysis, Champion, Gate
from model_build.config.section import Section, Seed, Texts

Share = Annotated[float, Field(gt=0, lt=1)]
#: AWS's limits of one tuning job.
MOST_JOBS, MOST_PARALLEL = 750, 100

#: The longest that a built-in algorithm without checkpoints may wait for Spot capacity, in seconds.
LONGEST_WAIT_WITHOUT_CHECKPOINTS = 3600

#: What a hyperparameter may be is said by its algorithm's table, or by a train.py of one's own.
Scalar = str | int | Annotated[float, Field(allow_inf_nan=True)] | bool


def _text(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("text", "A text that is not blank is needed")
    return value


def _job_name(value: str) -> str:
    if len(value) > 32 or not re.fullmatch("[a-zA-Z0-9](-*[a-zA-Z0-9])*", value):
        raise PydanticCustomError("name", "The name of a tuning job has up to 32 letters, digits, and hyphens between")
    return value


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        raise PydanticCustomError("number", "A number is needed, and a finite one")
    return value


def _value(value: object) -> object:
    return value if isinstance(value, str) else _number(value)


Text = Annotated[str, AfterValidator(_text)]
JobName = Annotated[str, AfterValidator(_job_name)]
Number = Annotated[int | float, BeforeValidator(_number)]
Value = Annotated[int | float | str, BeforeValidator(_value)]


class Pipeline(Section):
    description: str = Field(
        default="", max_length=1024, description="one sentence about the model; shown in the registry"
    )
    input_data: str | None = Field(
        default=None,
        pattern=r"^s3://[^/]+/.+",
        description="default of the parameter InputDataUrl; `mlops run --data` wins",
    )
    partition: str | None = Field(
        default=None,
        pattern=r"^[\w-]+$",
        description="key part with a date, <partition>=2026-01-31/, of data in S3; with window_days",
    )
    window_days: int | None = Field(
        default=None, ge=1, description="take the newest days only, counted from the newest partition"
    )
    query: Text | None = Field(default=None, description="SQL: what Athena finds is the data; with database")
    database: Text | None = Field(default=None, description="of the query, in the Glue catalogue")
    workgroup: Text = Field(default="primary", description="of Athena, for the query")
    query_data: str | None = Field(
        default=None,
        pattern=r"^s3://[^/]+/",
        description="with query: below which address its tables lie; `mlops bootstrap` lets builds read there",
    )


class ColumnsSection(Section):
    """Every column of the file has exactly one role; facets come on top."""

    label: str = Field(description="the column to predict")
    task: Task = Field(description="binary, multiclass or regression")
    positive: str | None = Field(default=None, description="binary: the label's value for class 1")
    numeric: Texts = Field(default=(), description="features read as numbers")
    categorical: Texts = Field(default=(), description="features read as text")
    drop: Texts = Field(default=(), description="known and left out on purpose")
    facets: Texts = Field(
        default=(),
        description="columns whose groups the bias analysis compares; features, too, or dropped; of a task that is not "
        "binary once analysis.favourable or analysis.favourable_above names the good decision",
    )
    event_time: str | None = Field(default=None, description="orders the rows of a split by time")
    derived_numeric: Texts = Field(default=(), description="numbers that features.py adds")
    derived_categorical: Texts = Field(default=(), description="texts that features.py adds")
    names: Texts = Field(default=(), description="the header of files that have none")
    missing: Texts = Field(default=MISSING, description="texts that mean: no value")

    def resolved(self) -> Columns:
        return Columns(**self.model_dump())


class Preprocess(Section):
    deduplicate: bool = Field(default=False, description="drop exact copies of a row, before the split")
    impute: Literal["median", "mean", "none"] = Field(
        default="median", description="missing numbers; none: XGBoost's own way"
    )
    scale: Literal["standard", "none"] = Field(default="none", description="numbers to mean 0 and deviation 1")
    encoding: Literal["ordinal", "one_hot"] = Field(default="ordinal", description="categories to plain numbers")
    min_count: int = Field(default=1, ge=1, description="categories seen less often count as unknown")
    max_categories: int = Field(default=1000, ge=2, description="keep the most frequent ones only")


class Split(Section):
    """The shares were measured on tables of some thousand rows: a large test split steadies the score that the gate
    reads, and the rows that it takes from training hardly lower it.

    Equal rows, or those of one key, stand on one side, so that many of them shift the shares. PreprocessFit tells a
    share, of all rows or of a stratified class, that misses the one asked for by more than a third and by more than
    three standard deviations of chance, and refuses a side without rows, or without a row of one of two classes;
    `[preprocess] deduplicate = true`, another seed or a key that tells equal rows apart mends either."""

    by: Literal["random", "stratified", "time"] = Field(default="stratified", description="how rows find their side")
    key: Texts = Field(default=(), description="columns that keep rows together; empty: the whole row")
    seed: Seed = Field(default=42, description="another seed is another split")
    train: Share = Field(default=0.6, description="share of the rows that the model learns from")
    validation: Share = Field(default=0.1, description="share that ends the training and sets the threshold")
    test: Share = Field(default=0.3, description="share that Evaluate reports on; Train never sees it")


class Train(Section):
    algorithm: algorithms.Name = Field(
        default="xgboost", description="random_cut_forest: scores how unusual a row is; labels only judge it"
    )
    engine: algorithms.Engine = Field(
        default="script",
        description="random_cut_forest: script is the open implementation in one container, for all four modes; "
        "builtin is SageMaker's algorithm between two containers of ours, for real-time and batch",
    )
    threshold: str = Field(
        default="f1",
        description="binary: f1, youden, fixed:0.5, precision:0.9 or recall:0.9, chosen on the validation split; "
        "random_cut_forest also known_errors_median, quantile:0.98 or three_sigma",
    )
    hyperparameters: dict[str, Scalar | list[str]] = Field(
        default_factory=dict, description="the algorithm's own names"
    )


class Range(Section):
    """Either `min` and `max`, or `values`."""

    min: Number | None = None
    max: Number | None = None
    scaling: Literal["auto", "linear", "logarithmic", "reverse"] = "auto"
    values: tuple[Value, ...] = Field(default=(), max_length=30)


class Tuning(Section):
    """With it, Tune stands in the place of Train: a number of training jobs with hyperparameters out of ranges, of
    which the best goes on. What is not tuned comes from [train.hyperparameters]."""

    enabled: bool = Field(default=False, description="search for the best hyperparameters")
    strategy: Literal["bayesian", "random", "grid"] = Field(
        default="bayesian", description="how the next values are found; grid tries all combinations of `values`"
    )
    objective: str | None = Field(
        default=None, description="metric of the validation split; by default auc, mlogloss or rmse"
    )
    max_jobs: int = Field(default=12, ge=1, le=MOST_JOBS, description="training jobs in all")
    max_parallel: int = Field(default=2, ge=1, le=MOST_PARALLEL, description="training jobs at a time")
    early_stopping: bool = Field(default=False, description="stop jobs that fall behind the median of earlier ones")
    seed: int = Field(default=42, ge=1, le=2**31 - 1, description="seed of the search")
    ranges: dict[str, Range] = Field(
        default_factory=dict,
        description="hyperparameter = { min, max, scaling } (auto, linear, logarithmic, reverse) or { values }; "
        "empty: the algorithm's own",
    )
    parents: tuple[JobName, ...] = Field(
        default=(), max_length=5, description="earlier tuning jobs whose results the search knows"
    )
    warm_start: Literal["identical", "transfer"] = Field(
        default="transfer", description="parents saw the same data and code, or others"
    )


class Spot(Section):
    """Managed Spot training. XGBoost goes on at its last checkpoint and ends with the same model; Random Cut Forest,
    which has no checkpoints, begins again."""

    enabled: bool = Field(default=False, description="train on spare capacity, which may be taken away")
    max_wait_seconds: int | None = Field(
        default=None,
        ge=60,
        le=432_000,
        description="limit of training and waiting for capacity together; by default 7200, at least the runtime, "
        "and 3600 with the engine builtin",
    )


class Evaluate(Section):
    bootstrap: int = Field(default=200, ge=20, le=10_000, description="resamples behind each confidence interval")
    golden: int = Field(
        default=100, ge=1, le=10_000, description="test records kept with their decisions, to prove deployments"
    )
    seed: Seed = Field(default=42, description="seed of the resamples and of the choice of golden records")


class Card(Section):
    """What people say about the model; it goes into the model card of each version beside what the steps find."""

    owner: str = Field(default="", max_length=1024, description="who answers for the model")
    purpose: str = Field(default="", max_length=2048, description="what it is for")
    intended_uses: str = Field(default="", max_length=2048, description="where it may be used, and where not")
    factors: str = Field(default="", max_length=2048, description="what makes it work better or worse")
    risk_rating: Literal["High", "Medium", "Low", "Unknown"] = Field(
        default="Unknown", description="by the rules of your organisation"
    )
    risk_explanation: str = Field(default="", max_length=2048, description="why this rating")
    business_problem: str = Field(default="", max_length=2048, description="what it solves")
    stakeholders: str = Field(default="", max_length=2048, description="whom it concerns")
    line_of_business: str = Field(default="", max_length=2048, description="where in the organisation")
    ethics: str = Field(default="", max_length=2048, description="ethical considerations")
    caveats: str = Field(default="", max_length=2048, description="caveats and recommendations")
    details: dict[str, Annotated[str, Field(max_length=1024)]] = Field(
        default_factory=dict, description="anything else, name = text"
    )


class Instances(Section):
    processing: str = Field(default="ml.m5.large", pattern=r"^ml\.", description="for Processing jobs")
    processing_count: int = Field(default=1, ge=1, le=100, description="instances of PreprocessEncode")
    training: str = Field(default="ml.m5.large", pattern=r"^ml\.", description="for Train")
    training_count: int = Field(
        default=1, ge=1, le=100, description="instances of Train, each with its shard of the training rows"
    )
    inference: Texts = Field(
        default=("ml.m5.large", "ml.m5.xlarge"), min_length=1, description="what the model may run on"
    )
    volume_gb: int = Field(default=30, ge=1, le=16384, description="disk of each instance")
    max_runtime_seconds: int = Field(default=3600, ge=60, le=432_000, description="limit of each job")


class Security(Section):
    kms_key: str | None = Field(default=None, description="key id or ARN for volumes, outputs and objects")
    subnets: Texts = Field(default=(), description="the VPC's subnets for all jobs; with security_groups")
    security_groups: Texts = Field(default=(), description="the VPC's security groups for all jobs; with subnets")
    network_isolation: bool = Field(default=True, description="jobs get no network and no credentials; none needs them")
    encrypt_between_containers: bool = Field(default=False, description="of jobs with several instances")
    tags: dict[str, str] = Field(default_factory=dict, description="on the pipeline and on its jobs")


class Mlflow(Section):
    """Where `mlops run` logs metrics and parameters after an execution; needs the package mlflow."""

    tracking_uri: str | None = Field(
        default=None, pattern=r"^https?://[^/]+", description="of the tracking server; without it nothing is logged"
    )
    experiment: str | None = Field(default=None, min_length=1, description="by default the pipeline's name")


class Cache(Section):
    enabled: bool = Field(default=True, description="answer a step whose arguments did not change from its last run")
    expire_after: str = Field(
        default="P30D", pattern=r"^P(\d+D|(\d+D)?T\d+[HMS](\d+M)?(\d+S)?)$", description="ISO 8601, say P30D or PT12H"
    )


class Config(Section):
    """The whole of `config.toml`."""

    @property
    def longest_wait(self) -> int:
        """Seconds that a Spot training and its waiting for capacity may take together."""
        if self.spot.max_wait_seconds is not None:
            return self.spot.max_wait_seconds
        if self.train.engine == "builtin":
            return LONGEST_WAIT_WITHOUT_CHECKPOINTS
        return max(7200, self.instances.max_runtime_seconds)

    pipeline: Pipeline = Pipeline()
    columns: ColumnsSection
    preprocess: Preprocess = Preprocess()
    split: Split = Split()
    train: Train = Train()
    tuning: Tuning = Tuning()
    spot: Spot = Spot()
    evaluate: Evaluate = Evaluate()
    analysis: Analysis = Analysis()
    gate: Gate = Gate()
    champion: Champion = Champion()
    card: Card = Card()
    mlflow: Mlflow = Mlflow()
    instances: Instances = Instances()
    security: Security = Security()
    cache: Cache = Cache()
