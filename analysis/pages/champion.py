"""The report's section on champion and challenger, out of `champion.json`."""

from html import escape

from analysis.pages.names import name, sentence
from analysis.pages.style import notes, numbers, table
from contract.documents import Document


def section(champion: Document) -> str:
    """HTML; nothing without a comparison."""
    if not champion:
        return ""
    said = notes([sentence(champion["clause"])], "passed" if champion["passed"] else "rejected")
    return f"<h2>Beside the champion</h2>{said}{_figures(champion)}"


def _figures(champion: Document) -> str:
    if not champion.get("compared"):
        return ""
    advantage = champion["advantage"]
    between = "" if advantage["lower"] is None else f"{advantage['lower']:+.4f} to {advantage['upper']:+.4f}"
    figures = (*numbers(champion["candidate"], champion["reference"]), f"{advantage['value']:+.4f}", between)
    header = ("Metric", "#This model", f"#Version {escape(champion['champion'])}", "#Advantage", "#95 % interval")
    return table(header, [(escape(name(champion["metric"])), *figures)])
