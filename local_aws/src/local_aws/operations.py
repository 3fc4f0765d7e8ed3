"""Handlers beside their operations: a service file declares what it can do, the server finds it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from local_aws.clock import Clock
from local_aws.store import Store

if TYPE_CHECKING:
    from local_aws.processes.images import Images

Request = dict[str, Any]
Result = dict[str, Any] | None
Handler = Callable[["Aws", Request], Result | Awaitable[Result]]

#: ASGI's own.
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
RawHandler = Callable[["Aws", MutableMapping[str, Any], Receive, Send], Awaitable[None]]

T = TypeVar("T")

#: The one account of a machine; twelve digits that no customer has.
ACCOUNT = "123456789012"


@dataclass
class Aws:
    """The machine that handlers work on.

    handlers  what it can do, by service and operation, for those of its rooms that call others as a client would
    parts     the living things by their class, set at start
    """

    home: Path
    store: Store
    clock: Clock
    region: str
    endpoint: str
    images: Images
    account: str = ACCOUNT
    handlers: Mapping[tuple[str, str], Handler] = field(default_factory=dict)
    parts: dict[type, Any] = field(default_factory=dict)

    def arn(self, service: str, resource: str) -> str:
        """`arn:aws:<service>:<region>:<account>:<resource>`."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def part(self, kind: type[T]) -> T:
        return self.parts[kind]  # type: ignore[no-any-return]


class Operations:
    """The operations of one service, or of a part of it. Names are checked against botocore's model at start."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.handlers: dict[str, Handler] = {}
        self.raws: dict[str, tuple[str, str, RawHandler]] = {}

    def __call__(self, name: str) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            if name in self.handlers:
                raise ValueError(f"{self.service}:{name} has two handlers.")
            self.handlers[name] = handler
            return handler

        return register

    def raw(self, name: str, prefix: str, ending: str) -> Callable[[RawHandler], RawHandler]:
        """For an operation that must be fast: the handler speaks ASGI itself, for POST requests to such paths."""

        def register(handler: RawHandler) -> RawHandler:
            self.raws[name] = (prefix, ending, handler)
            return handler

        return register
