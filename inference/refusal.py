"""What ends a request without an answer."""

from http import HTTPStatus

from contract.errors import InputError


class RefusedError(InputError):
    """A request that cannot be answered as it is: a status of the 4xx and the reason."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class ModelError(Exception):
    """The model failed, or gave what is no score: a 500, never an answer."""


def too_many(what: str) -> RefusedError:
    """`what` says how many of what there are, and how many may be."""
    return RefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{what}; send less at once, or use an asynchronous endpoint or a batch."
    )
