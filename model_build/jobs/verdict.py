"""Verdict: what Evaluate, Analyze and the comparison with the champion found → gate.json and report.html.

Environment: EVALUATION (folder that Evaluate left), ANALYSIS (folder with analysis.json, or several below it with a
part each; not set without an analysis),
STATISTICS (folder with statistics.json of PreprocessFit; not set without),
SETTINGS (path of verdict.json: {"gate": {…}, "bias": {metric: limit}, "hold_baseline": false, "card": {…}, "training":
{…}, "name": "…", "pipeline": "…"}), OUTPUT, and what `training_told` and `origin` read.
A model that does not pass is a result: the job succeeds and the pipeline's condition decides.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from analysis import baseline, fairness, gate, power, report
from analysis.gate import Rule
from analysis.pages import bias
from analysis.pages.origin import Origin
from analysis.report import Beside
from contract import documents, package
from contract.decision import Decision
from contract.documents import Document
from contract.errors import InputError
from contract.findings import Finding, Verdict
from model_build.jobs import card, origin, warned
from model_build.jobs.card import Found
from model_build.jobs.group_sizes import counted
from model_build.jobs.program import folder, program
from model_build.jobs.training_told import Training


@dataclass(frozen=True)
class Settings:
    """`verdict.json`. `gate` is empty for the default of the task."""

    gate: Document
    bias: dict[str, float] = field(default_factory=dict)
    card: Document = field(default_factory=dict)
    training: Document = field(default_factory=dict)
    name: str = "model"
    pipeline: str = ""
    hold_baseline: bool = False

    @classmethod
    def from_document(cls, document: Document) -> "Settings":
        """Raises InputError on unknown or missing keys."""
        return documents.into(cls, document, "The settings of Verdict")


@program
def main() -> None:
    """Read the environment of the processing job and leave the verdict in OUTPUT. Raises InputError."""
    settings = Settings.from_document(documents.read(folder("SETTINGS")))
    evaluated, output = folder("EVALUATION"), folder("OUTPUT")
    evaluation = documents.read(evaluated / package.EVALUATION)
    analysis = merged(folder("ANALYSIS")) if os.environ.get("ANALYSIS") else {}
    decision = Decision.from_document(evaluation["model"]["decision"])
    rule = Rule.from_document(settings.gate) if settings.gate else gate.DEFAULTS[decision.task]
    others = [
        *power.judge(evaluation, decision),
        *fairness.judge(analysis, settings.bias),
        *champion(evaluated),
        *(violations() if settings.hold_baseline else ()),
    ]
    page = words(analysis, evaluated) if analysis else {}
    training = Training.from_environment(settings.training)
    of_groups = bias.warnings(bias.four_fifths(analysis, page))
    verdict = replace(
        gate.judge(evaluation, [rule], evaluation["model"]["artefact"], others),
        warnings=(*warned.warnings(evaluation, decision, analysis, training), *of_groups),
    )
    more = beside(evaluated, analysis, page, training.sentence(), origin.known(settings.name, settings.pipeline))
    write(verdict, evaluation, decision, more, evaluated, output)
    whole = Found(evaluation, verdict, analysis, more.page, more.champion, training, more.origin)
    card.write(card.content(settings.card, whole), whole, output)
    for name, value in verdict.metrics.items():
        print(f"test-{name}: {value:.5f}")
    print(verdict.reason)
    for warning in verdict.warnings:
        print(f"Warning: {warning}")


def merged(parts: Path) -> Document:
    """One document of all that lie below, the groups of each section in both. Raises InputError when there is none."""
    paths = sorted(parts.rglob(package.ANALYSIS))
    if not paths:
        raise InputError(f"There is no {package.ANALYSIS} in {parts}: run the analysis again.")
    return fairness.completed({name: section for path in paths for name, section in documents.read(path).items()})


def words(analysis: Document, evaluated: Path) -> Document:
    """What Analyze left beside its document; where Clarify stood in its place, how many rows the groups have."""
    return found(folder("ANALYSIS") / package.PAGE) or {"sizes": counted(analysis, evaluated / package.COMPARED)}


def violations() -> Iterator[Finding]:
    """What Analyze found against the earlier analysis, when there was one."""
    for path in sorted(folder("ANALYSIS").rglob(package.VIOLATIONS)):
        yield baseline.judge(documents.read(path))


def champion(evaluated: Path) -> Iterator[Finding]:
    """The comparison with the champion, when Evaluate left one."""
    if (path := evaluated / package.CHAMPION).is_file():
        yield Finding.from_document(documents.read(path))


def beside(evaluated: Path, analysis: Document, page: Document, training: str, told: Origin) -> Beside:
    """What the page shows beside the evaluation, as far as there is any."""
    return Beside(
        analysis=analysis,
        page=page,
        statistics=found(folder("STATISTICS") / package.STATISTICS) if os.environ.get("STATISTICS") else {},
        champion=found(evaluated / package.CHAMPION),
        training=training,
        origin=told,
    )


def found(path: Path) -> Document:
    """The document, an empty one where there is none."""
    return documents.read(path) if path.is_file() else {}


def write(
    verdict: Verdict, evaluation: Document, decision: Decision, more: Beside, evaluated: Path, output: Path
) -> None:
    """gate.json and the page, with the pictures that Evaluate drew."""
    pictures = {name: (evaluated / f"{name}.png").read_bytes() for name in evaluation["plots"]}
    output.mkdir(parents=True, exist_ok=True)
    (output / package.REPORT).write_text(report.render(evaluation, verdict, pictures, decision, more), encoding="utf-8")
    documents.write(output / package.GATE, verdict.to_document())


if __name__ == "__main__":
    main()
