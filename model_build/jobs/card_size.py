"""A model card has at most 100,000 characters: what does not fit is left out, the least important first, and said."""

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from contract.documents import Document
from contract.errors import InputError

#: Of SageMaker's ModelCardContent.
MOST = 100_000

#: How entries of the evaluation begin that may be left out.
BIAS, EXPLANATIONS = "Bias: ", "Explanations"

#: The detail that says what the card lacks.
LEFT_OUT = "left out of this card"


def text(card: Document) -> str:
    """The card as it is sent."""
    return json.dumps(card, ensure_ascii=False, separators=(",", ":"))


def fitting(card: Document, spare: Sequence[str] = ()) -> Document:
    """The card within the limit; one that is short enough is as it was.

    spare  names of details that may be left out, the last one first

    Raises InputError when nothing helps.
    """
    if len(text(card)) <= MOST:
        return card
    card = copy.deepcopy(card)
    details = card["additional_information"]["custom_details"]
    left: dict[str, int] = {}
    steps: dict[str, Callable[[Document], Iterator[None]]] = {
        **STEPS,
        "of [card.details] the last ones, which config.toml has": partial(_details, spare=spare),
    }
    for what, each_left in steps.items():
        for _ in each_left(card):
            left[what] = left.get(what, 0) + 1
            said = "; ".join(f"{name} ({count})" for name, count in left.items())
            details[LEFT_OUT] = f"For its length of more than {MOST:,} characters: {said}."
            if len(text(card)) <= MOST:
                return card
    raise InputError(
        f"The model card has {len(text(card)):,} characters without all that may be left out, "
        f"SageMaker takes {MOST:,}: shorten the texts of [card]."
    )


def _descriptions(card: Document) -> Iterator[None]:
    """What each metric means, which is the same in every group; why one is undefined stays."""
    for entry in _entries(card, BIAS):
        for group in entry["metric_groups"]:
            for metric in group["metric_data"]:
                if metric["type"] == "number":
                    metric.pop("notes", None)
        yield


def _charts(card: Document) -> Iterator[None]:
    for entry in _entries(card, EXPLANATIONS):
        while len(entry["metric_groups"]) > 1:
            entry["metric_groups"].pop()
            yield


def _groups(card: Document) -> Iterator[None]:
    for entry in reversed(_entries(card, BIAS)):
        card["evaluation_details"].remove(entry)
        yield


def _details(card: Document, spare: Sequence[str]) -> Iterator[None]:
    for name in reversed(spare):
        del card["additional_information"]["custom_details"][name]
        yield


def _entries(card: Document, begin: str) -> list[Document]:
    return [entry for entry in card["evaluation_details"] if entry["name"].startswith(begin)]


#: What is left out, in words → how, one after the other; in this order, and details at last.
STEPS: dict[str, Callable[[Document], Iterator[None]]] = {
    "descriptions of bias metrics": _descriptions,
    "charts of explanations, which report.html has": _charts,
    "bias metrics of the last groups, which report.html has": _groups,
}
