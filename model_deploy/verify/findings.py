"""What a check reports."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """`rule` is cfn-lint's number or the name of the project's own check; `place` begins with the logical id."""

    place: str
    rule: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence} [{self.rule}]"
