"""A deployment as a person follows it: stages, actions, times; the end of the log where one failed."""

import time
from contextlib import nullcontext

import typer
from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.exceptions import HTTPClientError
from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from contract.documents import Document
from mlops import deployments, output, promotions, runs, stacks, standing
from mlops.progress import BROKEN
from mlops.projects import Project


def follow(pipeline: str, identifier: str, *, quiet: bool, approved: bool = False) -> Document:
    """Wait until the execution ends or waits for an approval, and return its report; shows progress unless `quiet`.

    approved  its approval was just given: what still says that it waits is old
    A connection may break for a minute: the execution goes on without us. Interrupted, the command ends with 130.
    """
    try:
        return _follow(pipeline, identifier, quiet=quiet, approved=approved)
    except KeyboardInterrupt:
        output.errors.print("The deployment goes on without you: `mlops deployments` shows it.")
        raise typer.Exit(130) from None


def _follow(pipeline: str, identifier: str, *, quiet: bool, approved: bool) -> Document:
    begun = heard = time.monotonic()
    shown = nullcontext() if quiet or not output.console.is_terminal else Live(console=output.console)
    told: set[str] | None = None
    with shown as live:
        while True:
            try:
                report = deployments.report(pipeline, identifier)
                if live is not None:
                    live.update(table(report))
                elif not quiet:
                    told = _tell(report, told)
                if report["Status"] in deployments.ENDED or ("WaitsForApproval" in report and not approved):
                    break
                heard = time.monotonic()
            except (NoConnectionError, HTTPClientError):
                if time.monotonic() - heard > BROKEN:
                    raise
            time.sleep(stacks.pause(time.monotonic() - begun))
    if not quiet and not output.console.is_terminal:  # a terminal showed the table while it grew
        output.console.print(table(report))
    return report


def _tell(report: Document, told: set[str] | None) -> set[str]:
    """A line for each action that has begun or ended since `told`, None at first; all lines."""
    lines = {
        f"{stage['StageName']} {action['ActionName']}: {action['Status']}": action["Status"]
        for stage in report["StageStates"]
        for action in stage["ActionStates"]
    }
    for line, status in lines.items():
        if line not in told if told is not None else status == "InProgress":
            output.say(quiet=False)(line)
    return set(lines) | (told or set())


def table(report: Document) -> Table:
    made = output.table("Stage", "Action", "Status", "Time")
    for stage in report["StageStates"]:
        for action in stage["ActionStates"]:
            made.add_row(
                stage["StageName"],
                action["ActionName"],
                output.status(action["Status"]),
                output.seconds(_duration(action)),
            )
    made.columns[3].justify = "right"
    return made


def _duration(action: Document) -> float | None:
    """Seconds; of one that runs, until now."""
    ended = action["Status"] != "InProgress"
    return runs.duration(
        action | ({"EndTime": action["LastUpdateTime"]} if ended and "LastUpdateTime" in action else {})
    )


def show_end(project: Project, report: Document) -> None:
    """What it came to, in a sentence, and what a person does next; the log where it failed."""
    name = project.name
    which = f"version {deployments.version(report)} of {name}"
    if "WaitsForApproval" in report:
        output.console.print(
            f"Staging is proved with {which}: mlops promote {name} takes it to production.", soft_wrap=True
        )
    elif report["Status"] == "Succeeded":
        output.console.print(f"Production is proved with {which}.")
    elif report["Status"] == "Failed":
        output.console.print(failure(report))
    else:
        said = report.get("StatusSummary")
        output.console.print(f"The deployment of {which} is {report['Status']}" + (f": {said}" if said else "."))
    if exit_code(report):
        promotions.settled(project, report["PipelineExecutionId"])
        show_standing(project)


def failure(report: Document) -> RenderableType:
    """The reason in words, and the end of the log of each failed action that has one."""
    parts: list[RenderableType] = [Text(report["FailureReason"], style="red")]
    for action in deployments.failed_actions(report):
        if lines := deployments.log(action):
            title = f"the end of the log of {action['ActionName']}"
            parts.append(Panel(Text("\n".join(lines)), title=title, title_align="left", border_style="red"))
    return Group(*parts)


def show_standing(project: Project) -> None:
    """What answers in each stage, and what a person does next."""
    found = standing.of(project)
    if found:
        output.console.print(standing.table(project.name, found))
    for sentence in standing.sentences(project.name, found, promotions.state(project)):
        output.console.print(sentence, style="yellow", markup=False, soft_wrap=True)


def exit_code(report: Document) -> int:
    """0 for one that succeeded or waits for an approval, else 1."""
    return 0 if report["Status"] == "Succeeded" or "WaitsForApproval" in report else 1
