"""An execution as a person follows it: steps, times, what was cached; the end of the log where one failed."""

import time
from contextlib import nullcontext

from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.exceptions import HTTPClientError
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from contract import package
from contract.documents import Document
from mlops import output, runs, trainings

#: How often to ask, in seconds, by the age of the execution: at once on one machine, patient with a cloud.
PATIENCE = ((5, 0.1), (60, 0.5), (600, 2.0))

#: How long a connection may stay broken, in seconds.
BROKEN = 60.0


def follow(arn: str, *, quiet: bool) -> Document:
    """Wait until the execution ends and return its report. Shows progress unless `quiet`.

    A connection may break for a minute: the execution goes on without us.
    """
    begun = heard = time.monotonic()
    shown = nullcontext() if quiet or not output.console.is_terminal else Live(console=output.console)
    with shown as live:
        while True:
            try:
                ended = runs.describe(arn)["PipelineExecutionStatus"] in runs.ENDED
                if live is not None:
                    live.update(steps_table(runs.steps(arn)))
                if ended:
                    return runs.report(arn)
                heard = time.monotonic()
            except (NoConnectionError, HTTPClientError):
                if time.monotonic() - heard > BROKEN:
                    raise
            time.sleep(_pause(time.monotonic() - begun))


def _pause(age: float) -> float:
    return next((pause for until, pause in PATIENCE if age < until), 5.0)


def steps_table(found: list[Document]) -> Table:
    table = output.table("Step", "Type", "Status", "Time")
    table.columns[3].justify = "right"
    for step in found:
        cached = "CacheHitResult" in step
        time_ = Text("cached", style="dim") if cached else Text(output.seconds(runs.duration(step)))
        table.add_row(step["StepName"], _type(step), output.status(step["StepStatus"]), time_)
    return table


def _type(step: Document) -> str:
    """The step's type; of a condition also what it came to, which says whether its branch was taken."""
    outcome = (step.get("Metadata") or {}).get("Condition", {}).get("Outcome")
    return f"{step['StepType']}: {outcome.lower()}" if outcome else str(step["StepType"])


def show_result(report: Document) -> None:
    """What tuning tried, metrics, the verdict's warnings, and where the report lies, as far as there are any, and why
    it failed if it did."""
    for part in trainings.shown(trainings.of(report)):
        output.console.print(part)
    if evaluated := runs.evaluation(report["Steps"]):
        output.console.print(metrics(report["Metrics"]))
        for warning in evaluated[1].get("warnings", ()):
            output.console.print(Text(f"Warning: {warning}", style="yellow"))
        output.console.print(f"{evaluated[0].rstrip('/')}/{package.REPORT}", style="dim", soft_wrap=True)
    if "FailureReason" in report:
        output.console.print(failure(report))


def failure(report: Document) -> RenderableType:
    """The reason in words, and the end of the log of each failed step that has one."""
    parts: list[RenderableType] = [Text(report["FailureReason"], style="red")]
    for step in report["Steps"]:
        if step["StepStatus"] == "Failed" and (lines := runs.log(step)):
            title = f"the end of the log of {step['StepName']}"
            parts.append(Panel(Text("\n".join(lines)), title=title, title_align="left", border_style="red"))
    return Group(*parts)


def metrics(values: dict[str, float]) -> RenderableType:
    """The metrics on the test split, side by side as far as the terminal is wide."""
    shown = [Text.assemble((f"{name} ", "dim"), (f"{value:.4g}", "bold")) for name, value in values.items()]
    return Columns(shown, padding=(0, 3))
