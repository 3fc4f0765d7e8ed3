"""Sources that CodePipeline watches by itself: a branch that moves starts the pipelines that poll it.

On AWS that takes up to a few minutes; here it is the commit that moves the branch.
"""

from collections.abc import Callable
from typing import Any

from local_aws.codecommit.references import Branches
from local_aws.delivery.pipelines import documents, starting
from local_aws.operations import Aws

Document = dict[str, Any]


def _wanted(action: Document, repository: str, branch: str) -> str:
    """The trigger that a moved branch is for a source action, "" for none."""
    given, provider = action["configuration"], action["actionTypeId"]["provider"]
    if given.get("BranchName") != branch:
        return ""
    if provider == "CodeCommit" and given["RepositoryName"] == repository:
        return "PollForSourceChanges" if given.get("PollForSourceChanges", "true").lower() == "true" else ""
    if provider == "CodeStarSourceConnection" and given["FullRepositoryId"].rpartition("/")[2] == repository:
        return "WebhookV2" if given.get("DetectChanges", "true").lower() == "true" else ""
    return ""


def listen(aws: Aws, advance: Callable[[str], None]) -> None:
    """Start executions as branches move; `advance` goes on with a pipeline."""

    def moved(repository: str, branch: str, commit: str) -> None:
        for name, pipeline in aws.store.scan(documents.PIPELINES):
            declared = documents.structure(aws, name, pipeline["version"])
            for action in declared["stages"][0]["actions"]:
                if trigger := _wanted(action, repository, branch):
                    starting.begin(aws, pipeline, declared, {"triggerType": trigger, "triggerDetail": commit}, {})
                    advance(name)
                    break

    aws.part(Branches).on_move(moved)
