"""The rules of composite alarms: ALARM("a") AND NOT (OK("b") OR FALSE).

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from local_aws.errors import AwsError

#: The state of an alarm by its name.
States = Callable[[str], str]
Rule = Callable[[States], bool]

_TOKEN = re.compile(
    r'\s*(?:(AND|OR|NOT|TRUE|FALSE|ALARM|OK|INSUFFICIENT_DATA)\b|([()])|"([^"]+)"|\'([^\']+)\'|([^\s()]+))'
)


@dataclass(frozen=True)
class Compiled:
    holds: Rule
    names: frozenset[str]


def _invalid(text: str, reason: str) -> AwsError:
    return AwsError("ValidationException", f"AlarmRule is not valid: {reason}: {text}")


def name_of(name_or_arn: str) -> str:
    return name_or_arn.partition(":alarm:")[2] if name_or_arn.startswith("arn:") else name_or_arn


@cache
def compile_rule(text: str) -> Compiled:
    """Raises AwsError "ValidationException"."""
    reader = _Reader(text)
    rule = reader.either()
    if reader.tokens:
        raise _invalid(text, f"{reader.tokens[0][1]!r} is not expected")
    return Compiled(rule, frozenset(reader.names))


class _Reader:
    """Recursive descent: OR binds least, then AND, then NOT."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.names: set[str] = set()
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(text.rstrip()):
            found = _TOKEN.match(text, position)
            if not found:
                raise _invalid(text, "it cannot be read")
            word, bracket, double, single, bare = found.groups()
            self.tokens.append(("word", word or bracket) if word or bracket else ("name", double or single or bare))
            position = found.end()

    def _accept(self, word: str) -> bool:
        if self.tokens and self.tokens[0] == ("word", word):
            self.tokens.pop(0)
            return True
        return False

    def _require(self, word: str) -> None:
        if not self._accept(word):
            raise _invalid(self.text, f"{word} is missing")

    def either(self) -> Rule:
        rules = [self._both()]
        while self._accept("OR"):
            rules.append(self._both())
        return lambda states: any(rule(states) for rule in rules)

    def _both(self) -> Rule:
        rules = [self._single()]
        while self._accept("AND"):
            rules.append(self._single())
        return lambda states: all(rule(states) for rule in rules)

    def _single(self) -> Rule:
        if self._accept("NOT"):
            inner = self._single()
            return lambda states: not inner(states)
        if self._accept("("):
            rule = self.either()
            self._require(")")
            return rule
        if self._accept("TRUE"):
            return lambda _: True
        if self._accept("FALSE"):
            return lambda _: False
        for wanted in ("ALARM", "OK", "INSUFFICIENT_DATA"):
            if self._accept(wanted):
                return self._state(wanted)
        raise _invalid(self.text, "a state or a bracket is missing")

    def _state(self, wanted: str) -> Rule:
        self._require("(")
        if not self.tokens or self.tokens[0][0] != "name":
            raise _invalid(self.text, "the name of an alarm is missing")
        name = name_of(self.tokens.pop(0)[1])
        self._require(")")
        self.names.add(name)
        return lambda states: states(name) == wanted
