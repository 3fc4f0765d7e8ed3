"""Charts without a script: bars as HTML, curves as inline SVG, in the colours of the page."""

from collections.abc import Sequence
from html import escape
from math import floor, log10
from typing import Any

from analysis.pages.style import number

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 320, 170, 44, 24, 10
MOST_NAMES = 14


def bars(pairs: Sequence[tuple[str, float]], full: float = 0.0) -> str:
    """Names with values from 0 on; a bar is whole at `full`, or at the longest one."""
    longest = max([full, *(abs(value) for _, value in pairs)]) or 1.0
    return _bars((name, value, 0.0, abs(value) / longest, "") for name, value in pairs)


def pushes(pairs: Sequence[tuple[str, float]]) -> str:
    """Names with values to both sides of a middle line, the larger ones in orange."""
    longest = max((abs(value) for _, value in pairs), default=0.0) or 1.0
    return _bars(
        (name, value, 0.5 + min(value, 0.0) / longest / 2, abs(value) / longest / 2, "up" if value > 0 else "")
        for name, value in pairs
    )


def _bars(lines: Any) -> str:
    cells = "".join(
        f'<span>{escape(name)}</span><span class="track"><i class="{kind}" style="left:{100 * start:.2f}%;'
        f'width:{100 * length:.2f}%"></i></span><span class="figure">{number(value)}</span>'
        for name, value, start, length, kind in lines
    )
    return f'<div class="bars">{cells}</div>'


def curve(
    values: Sequence[Any], answers: Sequence[float], low: float, high: float, label: str, shares: Sequence[float] = ()
) -> str:
    """Answers over numbers as a line; `low` and `high` are the ends of the scale, that small multiples share.

    shares  how the rows distribute over the numbers: a bar at the foot of each, full height for all of them
    """
    numbers = [float(value) for value in values]
    least, span = numbers[0], (numbers[-1] - numbers[0]) or 1.0
    points = [
        (LEFT + (value - least) / span * (WIDTH - LEFT - 12), _height(answer, low, high))
        for value, answer in zip(numbers, answers, strict=True)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="var(--blue)"/>' for x, y in points)
    foot = HEIGHT - BOTTOM
    rows = "".join(
        f'<rect x="{x - 3:.1f}" y="{foot - height:.1f}" width="6" height="{height:.1f}" fill="var(--line)"/>'
        for (x, _), height in zip(points, (max(1.0, share * (foot - TOP)) for share in shares), strict=False)
    )
    first, last = ticks(numbers[0], numbers[-1])
    ends = (
        f'<text x="{LEFT}" y="{HEIGHT - 6}">{first}</text>'
        f'<text x="{WIDTH - 12}" y="{HEIGHT - 6}" text-anchor="end">{last}</text>'
    )
    drawn = f'{rows}<polyline points="{line}" fill="none" stroke="var(--blue)" stroke-width="2"/>{dots}{ends}'
    return _svg(drawn, low, high, label)


def _height(answer: float, low: float, high: float) -> float:
    return TOP + (high - answer) / ((high - low) or 1.0) * (HEIGHT - TOP - BOTTOM)


def ticks(*values: float) -> list[str]:
    """Numbers along an axis: the same digits after the point, as many as tell them apart."""
    span = (max(values) - min(values)) or max(map(abs, values)) or 1.0
    places = max(0, 2 - floor(log10(span)))
    return [f"{value:,.{places}f}" if places < 7 else f"{value:.2e}" for value in values]


def _svg(drawn: str, low: float, high: float, label: str) -> str:
    heights = (low, (low + high) / 2, high)
    lines = "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - 12}" y1="{_height(at, low, high):.1f}" y2="{_height(at, low, high):.1f}" '
        f'stroke="var(--line)"/><text x="{LEFT - 6}" y="{_height(at, low, high) + 4:.1f}" text-anchor="end">'
        f"{text}</text>"
        for at, text in zip(heights, ticks(*heights), strict=True)
    )
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">{lines}{drawn}</svg>'
