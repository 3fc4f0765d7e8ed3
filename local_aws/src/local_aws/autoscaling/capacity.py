"""What can be scaled: a row for each scalable dimension."""

import re
from dataclasses import dataclass
from typing import Protocol

from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws


class Capacity(Protocol):
    """The thing behind a dimension. Called inside a transaction."""

    def current(self, aws: Aws, resource: str) -> int:
        """The desired capacity as it is now. Raises AwsError when there is no such resource."""

    def set(self, aws: Aws, resource: str, desired: int) -> None:
        """Ask for another capacity. Raises AwsError when the resource takes none now."""

    def lowest(self, aws: Aws, resource: str) -> int:
        """The smallest MinCapacity. Raises AwsError when there is no such resource."""

    def settled(self, aws: Aws, resource: str) -> bool:
        """Whether what was asked for last has been done. False, too, when the resource is gone."""


@dataclass(frozen=True)
class Dimension:
    """resource: what its ids look like;  noun: how activities call the capacity."""

    resource: re.Pattern[str]
    noun: str
    capacity: Capacity


#: Filled by the rooms whose resources can be scaled (see `api`).
DIMENSIONS: dict[str, Dimension] = {}


def of(dimension: str, resource: str) -> Dimension:
    """Raises AwsError for a dimension that is not here and a resource id that does not fit it."""
    found = DIMENSIONS.get(dimension)
    if found is None:
        raise NotSupported(f"the scalable dimension {dimension}")
    if not found.resource.fullmatch(resource):
        raise AwsError(
            "ValidationException", f"Unsupported service namespace, resource type or scalable dimension: {resource}"
        )
    return found
