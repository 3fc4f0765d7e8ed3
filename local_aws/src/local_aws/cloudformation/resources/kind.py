"""What a resource type is: how its resources are made, changed and removed, and what others can learn of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local_aws.errors import NotSupported
from local_aws.operations import Aws

Document = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """A resource that is there: `id` is what Ref yields, `attributes` what Fn::GetAtt does."""

    id: str
    attributes: Document = field(default_factory=dict)


def _in_place(*_: Any) -> Made:
    raise NotSupported("this update")


@dataclass(frozen=True)
class ResourceType:
    """One row of the table of types. The functions run inside a transaction and raise AwsError.

    properties  those that are honoured; others are refused by name
    create      (aws, name, properties) → Made; `name` is the given or the generated one
    update      (aws, what was made, properties before, properties now) → Made; create-only ones never differ
    delete      (aws, what was made, properties)
    name        the property that names the resource, "" when it has no name
    form        makes a valid name out of a generated one
    outside     its effects are files, so that a kill may leave them without their row: create must then bear repetition
    settled     whether what was made is ready; raises AwsError when it never will be
    leaving     whether what was deleted is still there for a while
    """

    type: str
    properties: frozenset[str]
    create: Callable[[Aws, str, Document], Made]
    delete: Callable[[Aws, Made, Document], None]
    update: Callable[[Aws, Made, Document, Document], Made] = _in_place
    name: str = ""
    form: Callable[[str], str] = str
    outside: bool = False
    settled: Callable[[Aws, Made], bool] = lambda *_: True
    leaving: Callable[[Aws, Made], bool] = lambda *_: False
