"""`mlops local`: the server on this machine."""

import shutil
from dataclasses import asdict

import typer

from local_aws import launch
from mlops import output, target
from mlops.options import JsonOption

app = typer.Typer(no_args_is_help=True, help="The AWS of this machine: start, stop, look at and forget it.")


def _show(status: launch.Status, as_json: bool) -> None:
    if as_json:
        output.document(asdict(status))
        return
    output.console.print(output.status(status.Status), status.Endpoint or "", f"(state in {status.Home})")


@app.command()
def up(as_json: JsonOption = False) -> None:
    """Start the server when it is not running."""
    _show(target.up(), as_json)


@app.command()
def down(as_json: JsonOption = False) -> None:
    """Stop the server; what it knows stays, and jobs in flight run again at the next start."""
    _show(launch.down(target.home()), as_json)


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Say whether the server runs, and where."""
    _show(launch.status(target.home()), as_json)


@app.command()
def reset(yes: bool = typer.Option(False, "--yes", help="Do not ask.")) -> None:
    """Stop the server and forget everything: executions, models, data."""
    home = target.home()
    if not (home / "local_aws.sqlite").exists():
        output.console.print(f"There is no local state in {home}.")
        return
    if not yes:
        typer.confirm(f"Remove all executions, models and data below {home}?", abort=True)
    launch.down(home)
    shutil.rmtree(home)
    output.console.print(f"Removed {home}.")


@app.command()
def env(as_json: JsonOption = False) -> None:
    """Print what makes aws and boto3 use the server: `eval "$(mlops local env)"`."""
    variables = target.environment(target.up())
    if as_json:
        output.document(variables)
        return
    for name, value in variables.items():
        output.console.print(f"export {name}={value}", soft_wrap=True)
