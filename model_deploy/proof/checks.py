"""What a proof consists of: checks that passed or failed, with what they saw."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from contract.errors import InputError
from model_deploy.modes import ModeName


@dataclass(frozen=True)
class Check:
    """One line of the report.

    said      one sentence: what was seen, and for a failure what was expected
    measured  figures by name, in the unit that the name ends with
    """

    mode: ModeName
    name: str
    passed: bool
    said: str
    measured: dict[str, float] = field(default_factory=dict)


def carried_out(mode: ModeName, name: str, check: Callable[[], Check]) -> Check:
    """The check, or a failed one in the words of AWS when a call was refused or had no end."""
    try:
        return check()
    except (BotoCoreError, ClientError, InputError, TimeoutError) as error:
        return Check(mode, name, passed=False, said=str(error))


def failed(checks: Iterable[Check]) -> Iterator[Check]:
    return (check for check in checks if not check.passed)
