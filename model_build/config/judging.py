"""The tables of `config.toml` by which a model is looked at and judged."""

from typing import Annotated, Literal

from pydantic import Field

from model_build.config.section import Section, Seed, Texts


class Analysis(Section):
    """Analyze, beside Evaluate: what moves the scores and how the decisions treat groups, on the test rows."""

    engine: Literal["open", "clarify", "off"] = Field(
        default="open",
        description="open: Analyze runs for models in one container; clarify: SageMaker Clarify's check steps stand in "
        "its place, for its existing customers; off: there is no analysis",
    )
    skip_check: bool = Field(
        default=True, description="clarify: do not hold the analysis against the newest approved version's"
    )
    register_new_baseline: bool = Field(
        default=True, description="clarify: what is found here is what later versions are held against"
    )
    fail_on_violation: bool = Field(default=True, description="clarify: a step fails where a check finds drift")
    explain: int = Field(
        default=500,
        ge=1,
        le=1_000_000,
        description="test rows whose scores are explained; at most 200 when the model is no XGBoost",
    )
    partial_dependence: Texts = Field(
        default=(), description="columns whose curve is drawn; empty: the six that move the scores most"
    )
    seed: Seed = Field(default=42, description="seed of the choice of rows and of sampled explanations")
    favourable: Texts = Field(
        default=(), description="the label's values that are good for a person; binary: by default columns.positive"
    )
    favourable_above: float | None = Field(
        default=None, description="regression: the value above which label and prediction are good for a person"
    )
    facet_thresholds: dict[str, float] = Field(
        default_factory=dict,
        description="numeric facet = the value above which a row is in its group; without one each of at most five "
        "values is a group, else the median of the training rows parts them, as it did in the newest approved version",
    )
    facet_values: dict[str, Texts] = Field(
        default_factory=dict, description="facet = the groups to look at, each against all others; by default every one"
    )
    group_variable: str | None = Field(
        default=None, description="column within whose values the conditional demographic disparity is measured"
    )
    bias_gate: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict,
        description="bias metric = limit; a model beyond it, or with a group that leaves it undefined, is rejected: "
        "{ DI = 0.8 } is the four-fifths rule, a ratio between 0.8 and 1.25, and every other metric lies between minus "
        "and plus its limit",
    )
    hold_baseline: bool = Field(
        default=False,
        description="open: reject a model that violates the newest approved version's analysis: a bias metric farther "
        "from its ideal, or another ranking of the columns; without it the violations are told alone",
    )


class Champion(Section):
    """The newest approved version answers for the same test rows. The candidate's advantage over it, at one end of its
    95 % interval (paired bootstrap), must not lie below minus `margin`. A first version passes without."""

    enabled: bool = Field(
        default=True, description="compare; the engine builtin does not, since its model answers in its own image alone"
    )
    metric: str | None = Field(default=None, description="by default the gate's")
    bound: Literal["lower", "value", "upper"] = Field(
        default="upper", description="lower: surely not worse; value: not worse on these rows; upper: not surely worse"
    )
    margin: float = Field(default=0.0, ge=0, description="by how much it may be worse, in the metric's unit")


class Gate(Section):
    """The condition for registration, on the test split. Empty: the default of the task."""

    metric: str | None = Field(default=None, description="by default auc, macro_auc or r2")
    bound: Literal["lower", "value", "upper"] | None = Field(default=None, description="end of the confidence interval")
    minimum: float | None = Field(default=None, description="the bound must lie above; by default .5, or 0 for r2")
    maximum: float | None = Field(default=None, description="the bound must lie below")
