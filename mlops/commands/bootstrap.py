"""`mlops bootstrap`: the project's own stack."""

import os
from collections.abc import Iterator
from typing import Annotated

import typer

from contract.errors import InputError
from mlops import bootstrapping, output, projects, stacks
from mlops import target as targets
from mlops.options import JsonOption, NameArgument, TargetOption
from model_deploy import schedules


def bootstrap(
    name: NameArgument,
    connection: Annotated[
        str | None, typer.Option(metavar="ARN", help="The CodeConnections connection to GitHub; CodeCommit without.")
    ] = None,
    build_repository: Annotated[
        str | None,
        typer.Option(metavar="OWNER/NAME", help="Where the pipeline code is; a name of its own in CodeCommit."),
    ] = None,
    deploy_repository: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="Where the deployment is; a name of its own in CodeCommit.")
    ] = None,
    branch: Annotated[str | None, typer.Option(help="The branch that both pipelines follow; main at first.")] = None,
    email: Annotated[str | None, typer.Option(help="Who is told of approvals to give and of failures.")] = None,
    staging_account: Annotated[str | None, typer.Option(metavar="ID", help="The account of staging; this one.")] = None,
    prod_account: Annotated[str | None, typer.Option(metavar="ID", help="The account of production; this one.")] = None,
    schedule: Annotated[
        str | None,
        typer.Option(metavar="CRON", help="Build anew, as rate(7 days) or cron(0 3 ? * MON *) in UTC; none."),
    ] = None,
    on_arrival: Annotated[
        bool | None,
        typer.Option(
            "--on-arrival/--no-arrival",
            help="Build anew when data arrive below NAME/incoming/ of the bucket, which input_data names.",
        ),
    ] = None,
    target: TargetOption = targets.Target.local,
    as_json: JsonOption = False,
) -> None:
    """Make or update the project's stack: key, bucket, registry, both CodePipelines, promotion. Twice is as once."""
    targets.reach(target)
    choices = bootstrapping.Choices(
        connection,
        build_repository,
        deploy_repository,
        branch,
        email,
        staging_account,
        prod_account,
        _schedule(schedule),
        on_arrival,
    )
    project = projects.find(name)
    done = bootstrapping.bootstrap(project, choices, os.environ.get("ARTIFACT_BUCKET", ""), output.say(quiet=as_json))
    if as_json:
        output.document(document(done))
        return
    output.console.print(f"{project.stack} is {'up' if done.changed or done.commit else 'as it was'}.", soft_wrap=True)
    for line in _settings(done):
        output.console.print(line, soft_wrap=True)
    if done.empty:
        output.console.print(
            f"{project.build_pipeline} builds nothing by itself before the pipeline code is pushed to its repository.",
            soft_wrap=True,
        )
    for account in done.other_accounts:
        output.console.print(
            f"In the account {account}, make the roles: aws cloudformation deploy --template-file "
            f"model_deploy/templates/roles.yml --stack-name {project.stack}-roles --capabilities CAPABILITY_NAMED_IAM "
            f"--parameter-overrides SageMakerProjectName={name} SageMakerProjectId={project.id} "
            f"ToolingAccountId={project.account} ModelBucketName={project.bucket} DataBucketName={project.bucket}",
            soft_wrap=True,
        )


def _schedule(text: str | None) -> str | None:
    """The parameter for a schedule: empty for none. Raises InputError with AWS's reason."""
    if text is None or text == "none":
        return None if text is None else ""
    try:
        return schedules.expression(text)
    except ValueError as error:
        raise InputError(f"--schedule {text}: {error}.") from None


def _settings(done: bootstrapping.Done) -> Iterator[str]:
    """What the commands need to know of the stack, as lines for a shell, unless they know it already."""
    if os.environ.get("SAGEMAKER_PIPELINE_ROLE_ARN"):
        return
    stack = stacks.find(done.project.stack)
    yield f"export SAGEMAKER_PIPELINE_ROLE_ARN={stacks.outputs(stack or {})['PipelineExecutionRoleArn']}"
    yield f"export ARTIFACT_BUCKET={done.project.bucket}"


def document(done: bootstrapping.Done) -> dict[str, object]:
    """What `--json` prints."""
    return {
        "StackName": done.project.stack,
        "Changed": done.changed,
        "RepositoryName": done.repository,
        "CommitId": done.commit,
        "PipelineName": done.project.pipeline,
        "BucketName": done.project.bucket,
    }
