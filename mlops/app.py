"""`mlops`: the list of commands, and how their errors end."""

from collections.abc import Callable
from typing import Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from contract.errors import InputError
from local_aws.errors import StartError
from mlops.commands import (
    approve,
    batch,
    bootstrap,
    check,
    debug,
    definition,
    deployments,
    destroy,
    doctor,
    execution,
    executions,
    invoke,
    local,
    models,
    new,
    promote,
    reject,
    rollback,
    run,
)
from mlops.failures import RunError
from mlops.output import errors

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Build, approve and deploy models on SageMaker, in an AWS account or on this machine alone.",
)

COMMANDS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("new", new.new),
    ("run", run.run),
    ("check", check.check),
    ("definition", definition.definition),
    ("executions", executions.executions),
    ("execution", execution.execution),
    ("debug", debug.debug),
    ("models", models.models),
    ("approve", approve.approve),
    ("reject", reject.reject),
    ("deployments", deployments.deployments),
    ("promote", promote.promote),
    ("rollback", rollback.rollback),
    ("invoke", invoke.invoke),
    ("batch", batch.batch),
    ("bootstrap", bootstrap.bootstrap),
    ("destroy", destroy.destroy),
    ("doctor", doctor.doctor),
)

for name, command in COMMANDS:
    app.command(name)(command)
app.add_typer(local.app, name="local")

#: A command that ran and failed, and one that could not run as it was called.
FAILED, REFUSED = 1, 2


def run_command() -> int:
    """Run the command of `sys.argv`; the exit code. Every error that is foreseen becomes one sentence."""
    try:
        app()
    except SystemExit as stop:  # how typer ends, also when all went well
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except InputError as error:
        return _say(str(error), REFUSED)
    except (StartError, RunError) as error:
        return _say(str(error), FAILED)
    except ClientError as error:
        found = error.response.get("Error", {})
        return _say(f"{error.operation_name}: {found.get('Message')} ({found.get('Code')})", FAILED)
    except (BotoCoreError, OSError) as error:
        return _say(str(error) or type(error).__name__, FAILED)
    return 0


def _say(sentence: str, code: int) -> int:
    errors.print(f"mlops: {sentence}", style="red", markup=False, soft_wrap=True)
    return code
