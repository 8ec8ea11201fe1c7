"""What the reports of reconciliation have in common as pages of HTML that stand alone: no script, nothing loaded, one style element. Pure."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

_STYLE: Final = """
:root { color-scheme: light dark; --line: #d0d7de; --soft: #59636e; --bad: #b3261e; --good: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --soft: #9aa4af; --bad: #ff8a80; --good: #57d36f; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .4rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p { margin: .3rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .4rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; }
.amount { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.headline { font-size: 1.9rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.soft { color: var(--soft); }
.good { color: var(--good); }
.bad { color: var(--bad); font-weight: 650; }
.hash { font-family: ui-monospace, monospace; font-size: .85em; overflow-wrap: anywhere; }
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_AMOUNTS: Final = frozenset(
    {
        "amount",
        "items",
        "lines",
        "gross",
        "fee",
        "breaks",
        "oldest, days",
        "days",
        "stated",
        "computed",
        "bytes",
    }
)
"""Columns that are set to the right."""


def page(title: str, body: Iterable[str]) -> str:
    """A whole page. The lines of its body are HTML, and the title is text."""
    return "\n".join(_page(shown(title), body)) + "\n"


def _page(title: str, body: Iterable[str]) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>"
    yield from body
    yield "</main>\n</body>\n</html>"


def table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A table of texts, which it escapes."""
    classes = [' class="amount"' if one in _AMOUNTS else "" for one in columns]
    yield '<div class="scroll"><table>\n<thead><tr>'
    yield "".join(
        f'<th scope="col"{style}>{shown(one)}</th>' for one, style in zip(columns, classes, strict=True)
    )
    yield "</tr></thead>\n<tbody>"
    for row in rows:
        yield f"<tr>{''.join(f'<td{style}>{shown(one)}</td>' for one, style in zip(row, classes, strict=True))}</tr>"
    yield "</tbody>\n</table></div>"


def shown(text: str) -> str:
    """Escaped, and without characters that change how the rest is read: names come from PSPs."""
    return escape("".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text))
