"""The action providers that are here: a row each."""

from collections.abc import Mapping

from local_aws.delivery.pipelines.actions import approval, builds, functions, sources, stacks
from local_aws.delivery.pipelines.actions.kind import ActionKind, Document, Listen
from local_aws.errors import NotSupported

_ROWS: tuple[ActionKind, ...] = (
    sources.CODECOMMIT,
    sources.CONNECTION,
    sources.S3_SOURCE,
    builds.BUILD,
    builds.TEST,
    stacks.DEPLOY,
    functions.INVOKE,
    approval.MANUAL,
)

PROVIDERS: Mapping[tuple[str, str], ActionKind] = {(row.category, row.provider): row for row in _ROWS}

#: What hears of things that actions wait for.
LISTENERS: tuple[Listen, ...] = (builds.listen, stacks.listen)


def find(kind: Document) -> ActionKind:
    """The row of an actionTypeId. Raises AwsError NotImplemented."""
    found = PROVIDERS.get((kind["category"], kind["provider"]))
    if found is None or kind["owner"] != "AWS" or kind["version"] != "1":
        raise NotSupported(f"the action type {kind['category']} {kind['owner']} {kind['provider']} {kind['version']}")
    return found
