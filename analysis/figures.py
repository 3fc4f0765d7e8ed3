"""Figures in sentences, with so many digits that no sentence contradicts itself, and sentences in others."""

from collections.abc import Callable, Sequence

#: More digits than usual at which a float64 has nothing left to tell.
MOST = 16

#: A rate of 4 in 25 over one of 5 in 25 is a little less than .8 in float64: what rounding explains is no violation.
ROUNDING = 1e-12


def figure(value: float, more: int = 0) -> str:
    """Four digits after the point, or the first two of a number that these would show as 0; and `more` digits."""
    value += 0.0  # -0.0 becomes 0.0
    return f"{value:.{4 + more}f}" if abs(value) >= 5e-5 or not value else f"{value:.{1 + more}e}"


def telling(agrees: Callable[[Sequence[float]], bool], spelled: Callable[[int], Sequence[str]]) -> Sequence[str]:
    """The shortest spelling whose numbers agree with what the sentence says of them.

    spelled  the texts of the sentence's numbers with so many digits more than usual
    agrees   whether it is true of the numbers as they are spelled
    """
    found = (spelled(more) for more in range(MOST))
    return next((texts for texts in found if agrees([float(text) for text in texts])), spelled(MOST))


def clause(sentence: str) -> str:
    """The sentence as a part of another one."""
    return f"{sentence[:1].lower()}{sentence[1:]}".rstrip(".")
