"""The hyperparameters that a configuration may set, with the types and ranges of SageMaker's documentation.

Source: "XGBoost hyperparameters" and "RCF hyperparameters", Amazon SageMaker developer guide. Of XGBoost's, those are
left out that contradict how Train works: `csv_weights` and `use_dask_gpu_training` (Parquet, CPU), `process_type`,
`updater` and `refresh_leaf` (no updating of an existing model), `nthread` (the instance's cores) and `num_class` (known
from the data).
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

Share = Annotated[float, Field(gt=0, le=1)]
Rate = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]


class Hyperparameters(BaseModel):
    """The algorithms hold numbers in 32 bits: one that is too large, too small or infinite ends a training."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    @field_validator("*")
    @classmethod
    def _held(cls, value: object) -> object:
        if isinstance(value, int) and abs(value) >= 2**31:
            raise PydanticCustomError("bits", "The algorithm reads whole numbers of 32 bits")
        if isinstance(value, float) and value and not 2**-126 <= abs(value) < 2**127:
            raise PydanticCustomError("bits", "The algorithm reads numbers of 32 bits, between 1e-37 and 1e38")
        return value


class XGBoost(Hyperparameters):
    """What is None is not sent: XGBoost's own default holds. The defaults here are one set that was measured to do well
    on six real tables of 1,000 to 33,000 rows."""

    num_round: int = Field(default=1000, ge=1, description="boosting rounds at most; early stopping ends sooner")
    early_stopping_rounds: int = Field(
        default=50, ge=1, description="rounds without a better validation score until the end"
    )
    seed: int = Field(default=42, ge=0, description="seed of row and column sampling")

    objective: str | None = Field(default=None, description="loss; by default the one of the task")
    eval_metric: str | list[str] | None = Field(
        default=None, description="metrics on the log; by default those of the task"
    )
    booster: Literal["gbtree", "dart"] | None = Field(
        default=None, description="gbtree, or dart: trees are dropped while boosting"
    )
    tree_method: Literal["auto", "exact", "approx", "hist"] | None = Field(
        default=None, description="how splits are found; hist unless named"
    )
    grow_policy: Literal["depthwise", "lossguide"] | None = Field(
        default=None, description="split by level, or where the loss falls most"
    )

    eta: Rate | None = Field(default=0.04, description="learning rate")
    max_depth: int | None = Field(default=4, ge=0, description="depth of a tree; 0: no limit")
    max_leaves: int | None = Field(default=None, ge=0, description="leaves of a tree; 0: no limit")
    max_bin: int | None = Field(default=None, ge=2, description="bins of a numeric column (hist)")
    min_child_weight: NotNegative | None = Field(default=None, description="least sum of instance weights in a leaf")
    max_delta_step: NotNegative | None = Field(default=None, description="bound on the step of a leaf")
    gamma: NotNegative | None = Field(default=None, description="least loss reduction of a split")
    subsample: Share | None = Field(default=0.8, description="share of the rows a tree sees")
    colsample_bytree: Share | None = Field(default=0.5, description="share of the columns a tree sees")
    colsample_bylevel: Share | None = Field(default=None, description="share of the columns a level sees")
    colsample_bynode: Share | None = Field(default=None, description="share of the columns a split sees")
    alpha: NotNegative | None = Field(default=None, description="L1 regularisation of the weights")
    lambda_: NotNegative | None = Field(default=None, alias="lambda", description="L2 regularisation of the weights")
    num_parallel_tree: int | None = Field(default=None, ge=1, description="trees a round: above 1, a boosted forest")
    scale_pos_weight: NotNegative | None = Field(default=None, description="weight of class 1; distorts probabilities")
    base_score: float | None = Field(default=None, description="first prediction of all rows")
    tweedie_variance_power: Annotated[float, Field(gt=1, lt=2)] | None = Field(
        default=None, description="of reg:tweedie"
    )
    monotone_constraints: str | None = Field(
        default=None,
        pattern=r"^\((-?[01](, ?-?[01])*,?)?\)$",
        description="(1,0,-1): by feature, in the order of the features",
    )
    interaction_constraints: str | None = Field(
        default=None,
        pattern=r"^\[(\[(\d+(, ?\d+)*)?\](, ?\[(\d+(, ?\d+)*)?\])*)?\]$",
        description="[[0,1],[2]]: features that may meet in a tree",
    )
    verbosity: int | None = Field(default=None, ge=0, le=3, description="0 silent to 3 debug")

    sample_type: Literal["uniform", "weighted"] | None = Field(
        default=None, description="dart: how trees to drop are drawn"
    )
    normalize_type: Literal["tree", "forest"] | None = Field(default=None, description="dart: weight of new trees")
    rate_drop: Rate | None = Field(default=None, description="dart: share of the trees that are dropped")
    one_drop: Literal[0, 1] | None = Field(default=None, description="dart: drop at least one")
    skip_drop: Rate | None = Field(default=None, description="dart: probability of dropping none")


class RandomCutForest(Hyperparameters):
    """`feature_dim` is known from the data."""

    num_trees: int = Field(default=100, ge=50, le=1000, description="trees; more of them steady the score")
    num_samples_per_tree: int = Field(
        default=256, ge=2, le=2048, description="rows a tree; 1 / this is about the share of errors in the data"
    )
    seed: int | None = Field(default=None, ge=0, description="of the trees, 42 unless named; engine script alone")


#: Hyperparameters of the booster dart alone.
DART = ("sample_type", "normalize_type", "rate_drop", "one_drop", "skip_drop")


#: Objectives that Train, Evaluate and the endpoint understand, by task.
OBJECTIVES: dict[str, tuple[str, ...]] = {
    "binary": ("binary:logistic",),
    "multiclass": ("multi:softprob",),
    "regression": (
        "reg:squarederror",
        "reg:squaredlogerror",
        "reg:pseudohubererror",
        "reg:absoluteerror",
        "reg:gamma",
        "reg:tweedie",
        "count:poisson",
    ),
}
