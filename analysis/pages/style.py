"""The look that report and model card share, light and dark, wide and narrow; tables and figures."""

from collections.abc import Iterable
from html import escape
from string import Template

from analysis.figures import figure

#: A frame for `shell`. The icon is an empty one, so that no browser asks for another file.
FRAME = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">
<title>$title</title>
<style>
:root { --ink: #23272f; --muted: #5d6571; --page: #f5f6f8; --sheet: #fff; --line: #e3e6ea; --blue: #2a5fbf;
--orange: #c56f16; --good: #24785a; --bad: #b83a30; --warn: #8a6100; --track: #eceff3; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7ec; --muted: #a2abb8; --page: #14171c; --sheet: #1d2128;
--line: #303641; --blue: #7aa5f0; --orange: #eda155; --good: #62c49d; --bad: #f08a80; --warn: #e0b654;
--track: #2a303a; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 0; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 28px; line-height: 1.25; margin: 0 0 4px; } h1, .muted, li { overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 40px 0 12px; }
h3 { font-size: 16px; margin: 0 0 6px; } main > h3 { margin: 22px 0 10px; } p { margin: 8px 0; max-width: 76ch; }
.muted { color: var(--muted); } small { font-size: 13px; }
.verdict, .note { border-left: 6px solid; border-radius: 6px; padding: 14px 18px; margin: 16px 0;
background: var(--sheet); overflow-wrap: anywhere; }
.passed { border-color: var(--good); } .rejected { border-color: var(--bad); } .unsure { border-color: var(--warn); }
.note { padding: 8px 16px; margin: 8px 0; border-left-width: 4px; }
.sheet { background: var(--sheet); border-radius: 6px; padding: 16px 18px; min-width: 0; }
table { border-collapse: collapse; background: var(--sheet); border-radius: 6px; width: 100%; }
th, td { padding: 8px 14px; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th { font-weight: 600; color: var(--muted); font-size: 14px; } th.number { text-align: right; }
td:last-child:not(.number) { min-width: 150px; }
td.number { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
.scroll { overflow-x: auto; border-radius: 6px; } code { font-size: 13px; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 16px; }
.plots img { width: 100%; background: #fff; border-radius: 6px; }
.small { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr)); gap: 16px; }
.records { grid-template-columns: repeat(auto-fill, minmax(min(420px, 100%), 1fr)); }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--muted); font-size: 11px; }
.bars { display: grid; grid-template-columns: fit-content(42%) minmax(60px, 1fr) max-content; gap: 6px 12px;
align-items: center; }
.small .bars { grid-template-columns: minmax(0, 42%) minmax(60px, 1fr) max-content; font-size: 14px; }
.bars > span { overflow-wrap: anywhere; }
.bars .figure { font-variant-numeric: tabular-nums; text-align: right; }
.track { height: 12px; border-radius: 3px; background: var(--track); position: relative; }
.track i { position: absolute; top: 0; bottom: 0; border-radius: 3px; background: var(--blue); }
.track i.up { background: var(--orange); }
details { margin: 10px 0; } .scroll + .scroll { margin-top: 12px; }
details th { overflow-wrap: anywhere; } summary { cursor: pointer; color: var(--muted); }
dl { display: grid; grid-template-columns: minmax(110px, 220px) 1fr; gap: 8px 18px; margin: 0; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
.badge { display: inline-block; border: 1.5px solid; border-radius: 999px; padding: 1px 12px; font-weight: 600; }
.badge.High { color: var(--bad); } .badge.Medium { color: var(--warn); } .badge.Low { color: var(--good); }
@media (max-width: 520px) { main { padding: 20px 12px 48px; } th, td { padding: 6px 8px; }
dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 10px; } }
@media print { main { max-width: none; padding: 0; } .scroll { overflow: visible; } .sheet, .verdict, .note, tr, svg,
img { break-inside: avoid; } h2, h3, summary { break-after: avoid; } table { font-size: 12px; } th { font-size: 12px; }
th, td { padding: 4px 6px; } .plots { grid-template-columns: 1fr 1fr; } }
</style></head><body><main>
$body
</main></body></html>
""")


def shell(title: str, body: str) -> str:
    """The page. `title` is text, `body` HTML."""
    return FRAME.substitute(title=escape(title), body=body)


def table(header: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    """An HTML table; a heading that starts with # is a column of numbers. The cells are HTML already."""
    names = list(header)
    kinds = [' class="number"' if name.startswith("#") else "" for name in names]
    head = "".join(f"<th{kind}>{name.removeprefix('#')}</th>" for kind, name in zip(kinds, names, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def number(value: float | None) -> str:
    """Four digits after the point for rates, about four in all for larger figures; None is undefined."""
    return numbers(value)[0]


def numbers(*values: float | None) -> list[str]:
    """Figures that stand together, with the digits after the point that the largest of them has."""
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    if largest < 10:
        return ["undefined" if value is None else figure(value) for value in values]
    places = 2 if largest < 100 else 1 if largest < 1000 else 0
    return ["undefined" if value is None else f"{value:,.{places}f}" for value in values]


def notes(sentences: Iterable[str], kind: str = "unsure") -> str:
    """Sentences, each with a coloured edge: passed, rejected or unsure."""
    return "".join(f'<div class="note {kind}">{escape(sentence)}</div>' for sentence in sentences)
