"""The fake's clients: what promotion takes for boto3's, with the place where faults strike."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.model_deploy.promotion.fake_records import EFFECTS


class Client:
    """Stands for every client: `client.operation(**arguments)`, and paginators of one page."""

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud

    def get_paginator(self, operation: str) -> Any:
        call = getattr(self, operation)

        class Pages:
            def paginate(self, **given: Any) -> Iterator[Any]:
                yield call(**given)

        return Pages()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        cloud, do = self._cloud, getattr(self._cloud, operation)

        def call(**given: Any) -> Any:
            if operation not in EFFECTS:
                return do(**given)
            cloud.calls += 1
            cloud.effects.append(operation)
            return cloud.strike(cloud.calls, operation, lambda: do(**given))

        return call
