"""Who is told of every answered invocation, in the event loop and after the client has its answer: be quick."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_aws.operations import Aws
from local_aws.serving import Answer

if TYPE_CHECKING:
    from local_aws.endpoints.group import Group


@dataclass(frozen=True, slots=True)
class Answered:
    """One invocation that a model answered with 2xx.

    at  when it came, by the server's clock;  accept, inference_id  "" when the client gave none
    """

    group: "Group"
    at: float
    content_type: str
    accept: str
    inference_id: str
    body: bytes
    answer: Answer


Observer = Callable[[Answered], None]

#: For every new group of instances each of these is asked for an observer; None for none.
OBSERVERS: list[Callable[[Aws, "Group"], Observer | None]] = []
