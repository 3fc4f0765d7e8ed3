"""`mlops local`: the server on this machine."""

import json
import shlex
import shutil
import sys
import urllib.request
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

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
    """Start the server when it is not running; where no local state is, a new one begins."""
    _show(target.up(begin=True), as_json)


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
def clock(
    rate: Annotated[
        float | None, typer.Option("--rate", min=1.0, help="How many seconds of the server pass in one; 1 is normal.")
    ] = None,
    forward: Annotated[float, typer.Option("--forward", min=0.0, metavar="SECONDS", help="Move it forward.")] = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Show the server's clock, make it faster or move it: alarms, schedules and baking times then pass sooner."""
    address = target.up().Endpoint
    asked = None if rate is None and not forward else json.dumps({"Rate": rate, "Offset": forward}).encode()
    with urllib.request.urlopen(f"{address}/_local/clock", data=asked) as answer:  # noqa: S310 (the server's own address)
        state = json.load(answer)
    if as_json:
        output.document({"Time": state["Time"], "Rate": state["Rate"]})
        return
    output.console.print(
        f"{output.moment(datetime.fromtimestamp(state['Time'], UTC))}, {state['Rate']:g} times as fast"
    )


@app.command()
def env(as_json: JsonOption = False) -> None:
    """Print what makes aws and boto3 use the server: `eval "$(mlops local env)"`."""
    aws = _aws()
    variables = target.environment(target.up())
    if as_json:
        output.document(variables)
        return
    if foreign := target.foreign():
        output.console.print(f"unset {' '.join(foreign)}", soft_wrap=True)
    for name, value in variables.items():
        output.console.print(f"export {name}={value}", soft_wrap=True)
    # Version 1 takes SQS's address from a table of its own, whatever the environment says.
    address = '${AWS_ENDPOINT_URL:+--endpoint-url="$AWS_ENDPOINT_URL"}'
    output.console.print(f'aws() {{ {aws} {address} "$@"; }}', markup=False, soft_wrap=True)


def _aws() -> str:
    """What `aws` means in a shell: the command of its PATH, else the one that was installed beside this one."""
    beside = Path(sys.executable).with_name("aws")
    return "command aws" if shutil.which("aws") or not beside.exists() else shlex.quote(str(beside))
