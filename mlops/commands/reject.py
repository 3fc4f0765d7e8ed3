"""`mlops reject`: a version shall not be deployed."""

from typing import Annotated

import typer

from contract.errors import InputError
from mlops import output, projects, standing, versions
from mlops import target as targets
from mlops.options import JsonOption, NoteOption, TargetOption


def reject(
    version: Annotated[str, typer.Argument(metavar="NAME:VERSION", help="The version.")],
    note: NoteOption = "",
    target: TargetOption = targets.Target.local,
    as_json: JsonOption = False,
) -> None:
    """Reject a version: it is not deployed; when it is live, the approved one before it is deployed again."""
    name, number = versions.split(version)
    if number is None:
        raise InputError(f"Which version of {name}? Write {name}:VERSION; `mlops models {name}` lists them.")
    if not note:
        raise InputError("A rejection needs its reason: --note TEXT. The registry keeps it.")
    targets.reach(target)
    project = projects.find(name)
    package = versions.find(project, number)
    arn = package["ModelPackageArn"]
    held = [one.stage for one in standing.of(project) if one.meant == arn or one.answers(arn)]
    versions.decide(package["ModelPackageArn"], "Rejected", note)
    if as_json:
        output.document({"ModelPackageArn": package["ModelPackageArn"], "ModelApprovalStatus": "Rejected"})
        return
    output.console.print(f"Rejected version {number} of {name}.")
    if "prod" in held:
        output.console.print(
            "It is live: the newest approved version before it that was proved in production is deployed again, "
            f"if there is one. mlops deployments {name} shows it.",
            soft_wrap=True,
        )
