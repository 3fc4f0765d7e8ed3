"""What a configuration of the analysis must not be, in words."""

from collections import Counter
from collections.abc import Collection, Iterator
from math import isfinite

from analysis.fairness import METRICS
from model_build.config.limits import bias
from model_build.config.tables import Config

#: Keys that are for Clarify's check steps alone.
OF_CHECKS = ("skip_check", "register_new_baseline", "fail_on_violation")


def runs(config: Config) -> bool:
    """Whether there is an analysis: SageMaker's own algorithm is asked by transform jobs, not row by row."""
    return config.analysis.engine != "off" and config.train.engine == "script"


def compares(config: Config) -> bool:
    """Whether groups are compared: there are some, and it is known which decision is the good one."""
    analysis, columns = config.analysis, config.columns
    known = columns.task == "binary" or bool(analysis.favourable) or analysis.favourable_above is not None
    return bool(columns.facets) and known


def contradictions(config: Config) -> Iterator[str]:
    """One sentence per contradiction, each beginning with the key."""
    analysis, columns = config.analysis, config.columns
    if analysis.engine == "clarify" and config.train.engine == "builtin":
        yield (
            'analysis.engine = "clarify" asks a model in one container, and train.engine = "builtin" serves from '
            'three; choose "off" or engine = "script".'
        )
        return
    if not runs(config):
        for key in sorted(analysis.model_fields_set - {"engine"}):
            yield f"analysis.{key} has no meaning without Analyze (analysis.engine, train.engine); remove it."
        return
    if analysis.engine == "clarify" and analysis.partial_dependence:
        yield 'analysis.partial_dependence belongs to engine = "open", not "clarify"; remove it.'
    if analysis.engine == "clarify" and analysis.hold_baseline:
        yield 'analysis.hold_baseline belongs to engine = "open"; with "clarify", set skip_check = false.'
    if analysis.engine == "clarify" and compares(config):
        for name in columns.facets:
            told = name in analysis.facet_thresholds or len(analysis.facet_values.get(name, ())) > 1
            if name in columns.numeric and not told:  # of a single value Clarify would make a threshold
                yield (
                    f'analysis.facet_thresholds: engine = "clarify" needs the threshold of the numeric facet {name!r}, '
                    "or two or more of its facet_values."
                )
    for name in analysis.partial_dependence:
        if name not in columns.numeric + columns.categorical:
            yield f"analysis.partial_dependence: {name!r} is no raw feature; name numeric or categorical columns."
    for name in analysis.facet_thresholds:
        if name not in columns.facets or name not in columns.numeric + columns.drop:
            yield f"analysis.facet_thresholds: {name!r} is no numeric or dropped column among columns.facets."
        elif name not in columns.numeric and analysis.engine == "clarify":
            yield (
                f'analysis.facet_thresholds: engine = "clarify" reads the dropped column {name!r} as text; name groups '
                "in facet_values."
            )
    for name, values in analysis.facet_values.items():
        if repeated := _repeated(values):
            yield f"analysis.facet_values: {repeated[0]!r} stands twice for {name!r}."
        if not values:
            yield f"analysis.facet_values: no group of {name!r} is named; name some, or remove it to look at every one."
        if name not in columns.facets:
            yield f"analysis.facet_values: {name!r} is not among columns.facets."
        elif name in analysis.facet_thresholds:
            yield f"analysis.facet_values: {name!r} also has a threshold; keep one."
        elif name in columns.numeric and (texts := [value for value in values if not _number(value)]):
            yield f"analysis.facet_values: {texts[0]!r} is no number, and the facet {name!r} is numeric."
    known = columns.numeric + columns.categorical + columns.drop
    if analysis.group_variable is not None and analysis.group_variable not in known:
        yield f"analysis.group_variable: {analysis.group_variable!r} has no role in [columns]."
    if analysis.favourable and columns.task == "regression":
        yield "analysis.favourable names classes, and the task is a regression; use analysis.favourable_above."
    if repeated := _repeated(analysis.favourable):
        yield f"analysis.favourable: {repeated[0]!r} stands twice."
    elif columns.task == "binary" and len(analysis.favourable) > 1:
        yield "analysis.favourable names more than one of the two values; name the one that is good for a person."
    if analysis.favourable_above is not None and columns.task != "regression":
        yield f"analysis.favourable_above belongs to a regression, the task is {columns.task}; use analysis.favourable."
    yield from _gate(config)


def _repeated(values: Collection[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def _number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _gate(config: Config) -> Iterator[str]:
    analysis, columns = config.analysis, config.columns
    limits = analysis.bias_gate
    if limits and columns.task != "binary" and not analysis.favourable and analysis.favourable_above is None:
        yield "analysis.bias_gate needs to know what is good: analysis.favourable, or favourable_above of a regression."
    if limits and not columns.facets:
        yield "analysis.bias_gate needs groups: name at least one column in columns.facets."
    for name, limit in limits.items():
        if name not in METRICS:
            yield f"analysis.bias_gate: {name!r} is no bias metric; known are {', '.join(METRICS)}."
        elif name == "DI" and not 0 < limit <= 1:
            yield f"analysis.bias_gate: DI = {limit:g}: the least ratio of two rates lies above 0 and is at most 1."
    yield from bias(config)
