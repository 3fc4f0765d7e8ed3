"""`mlops run`: upsert the pipeline, start an execution, follow it to its end."""

from typing import Annotated

import typer

from contract.documents import Document
from contract.errors import InputError
from mlops import authoring, checking, output, progress, runs, tracking
from mlops import target as targets
from mlops.options import JsonOption, NameArgument, TargetOption
from model_build import catalogue, config


def run(
    name: NameArgument,
    data: Annotated[str | None, typer.Option(help="A file, a folder or an s3:// prefix to build from.")] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A pipeline parameter.")
    ] = None,
    from_step: Annotated[
        str | None, typer.Option("--from", metavar="STEP", help="Run from this step on, with what came before it.")
    ] = None,
    target: TargetOption = targets.Target.local,
    as_json: JsonOption = False,
) -> None:
    """Build a model: upsert the pipeline and run it. Exits 1 when the execution fails."""
    from model_build import executions

    parameters = _pairs(parameter or [])
    targets.connect(target)
    session = authoring.session()
    built = authoring.upserted(name, session)
    checking.check_chain(name, built.text)
    arn = executions.start(built, session, data, parameters, from_step)
    try:
        if not as_json:
            output.console.print(f"[bold]{name}[/] {arn.rpartition('/')[2]}")
        report = progress.follow(arn, quiet=as_json)
    except KeyboardInterrupt:
        output.errors.print("The execution goes on without you: `mlops execution` shows it.")
        raise typer.Exit(130) from None
    known = None if "ModelPackageArn" in report else runs.registered_as(built.group, report)
    if known:
        report["ModelPackageArn"] = known
    if as_json:
        output.document(report)
    else:
        _show(name, report, known)
    _track(name, report, quiet=as_json)
    if report["PipelineExecutionStatus"] != "Succeeded":
        raise typer.Exit(1)


def _track(name: str, report: Document, *, quiet: bool) -> None:
    """To MLflow, when the configuration names a server; that it cannot be reached fails nothing."""
    try:
        address = tracking.log(config.load(catalogue.folder(name)), name, report)
    except InputError as error:
        output.errors.print(str(error), markup=False)
        return
    if address and not quiet:
        output.console.print(f"Logged to {address}", markup=False, soft_wrap=True)


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = dict(text.partition("=")[::2] for text in texts)
    for text in texts:
        if "=" not in text or text.startswith("="):
            raise InputError(f"-p {text} is no parameter: write -p Name=Value.")
    return pairs


def _show(name: str, report: Document, known: str | None) -> None:
    if not output.console.is_terminal:  # a terminal showed the table while it grew
        output.console.print(progress.steps_table(report["Steps"]))
    progress.show_result(report)
    version = report.get("ModelPackageArn", "").rpartition("/")[2]
    if known:
        output.console.print(f"Nothing changed: version {version} of {name} already is this model.")
    elif version:
        status = runs.approval_status(report["ModelPackageArn"])
        output.console.print(f"Registered version {version} of {name}:", output.status(status))
