"""The shell of the pages of the documentation: one look, a navigation, and no script. Pure."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from typing import Final, NamedTuple

STYLE: Final = (
    "*{box-sizing:border-box}"
    "html{scroll-padding-top:1rem;color-scheme:light}"
    "body{font:16px/1.55 system-ui,sans-serif;margin:0;color:#1c2033;background:#fff}"
    "a{color:#1f4fbf;text-decoration:none}a:hover{text-decoration:underline}"
    "nav{padding:1.25rem;background:#f6f7fa;border-bottom:1px solid #dcdfe8;font-size:14px;"
    "max-height:40vh;overflow-y:auto}"
    "nav b{display:block;font-size:16px;margin-bottom:.5rem}"
    "nav h2{font-size:12px;text-transform:uppercase;letter-spacing:.05em;color:#5a6078;margin:1rem 0 .2rem}"
    "nav ul{list-style:none;margin:0;padding:0}nav li{padding:.12rem 0}"
    "main{padding:1.25rem;max-width:64rem}"
    "h1{font-size:1.8rem;line-height:1.25;margin:.5rem 0 1rem}h1.part{margin-top:3.5rem}"
    "h2{font-size:1.2rem;margin:0 0 .25rem}h3{font-size:1rem;margin:1.25rem 0 .25rem}"
    "section{margin:1.5rem 0 2.5rem;padding-top:1.5rem;border-top:1px solid #dcdfe8}"
    "code,pre{font:13.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:#f0f2f7;"
    "border-radius:4px}"
    "code{padding:.1em .3em;overflow-wrap:anywhere}pre{padding:1rem;overflow:auto}"
    ".route{color:#5a6078;margin:.1rem 0 .75rem}.route code{background:none;padding:0}"
    ".scroll{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;font-size:15px}"
    "td,th{border-bottom:1px solid #e6e8ef;padding:.45rem .75rem .45rem 0;text-align:left;vertical-align:top}"
    "th{font-size:13px;color:#5a6078;font-weight:600}"
    "td:first-child{white-space:nowrap;min-width:9rem}td small{color:#5a6078;display:block;white-space:normal}"
    "tr:target,section:target>h2{background:#fff6d6}"
    "td ul{margin:0;padding:0;list-style:none}"
    "@media(max-width:40rem){td:first-child{white-space:normal;min-width:0}}"
    "@media(min-width:64rem){body{display:grid;grid-template-columns:17rem minmax(0,1fr)}"
    "nav{position:sticky;top:0;height:100vh;max-height:none;border-bottom:0;border-right:1px solid #dcdfe8}"
    "main{padding:1.5rem 2.5rem}}"
)
STYLE_HASH: Final = b64encode(sha256(STYLE.encode()).digest()).decode()

PAGES: Final = (
    ("/docs", "Reference"),
    ("/docs/errors", "Error codes"),
    ("/docs/events", "Events"),
    ("/openapi.json", "OpenAPI 3.1 document"),
)
"""Path -> title of each page, in the order of the navigation."""


class Contents(NamedTuple):
    """A part of a page's table of contents: links as (id, title)."""

    title: str
    links: tuple[tuple[str, str], ...]


def html_page(title: str, body: str, contents: Iterable[Contents] = ()) -> str:
    """A whole page, with links to the other pages and to its own parts."""
    parts = [Contents("Pages", PAGES), *(part._replace(links=_to_ids(part)) for part in contents)]
    navigation = "".join(
        f"<h2>{escape(part.title)}</h2><ul>"
        + "".join(f'<li><a href="{escape(target)}">{escape(name)}</a></li>' for target, name in part.links)
        + "</ul>"
        for part in parts
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head>'
        f'<body><nav aria-label="Contents"><b>FinCore Payments</b>{navigation}</nav>'
        f"<main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def table(heads: Iterable[str], rows: Iterable[str]) -> str:
    """A table of rows that are HTML already; empty where there are none."""
    body = "".join(rows)
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>' if body else ""


def prose(text: str) -> str:
    """Escaped text in which what stands between backticks is code."""
    return "".join(
        f"<code>{escape(part)}</code>" if place % 2 else escape(part)
        for place, part in enumerate(text.split("`"))
    )


def _to_ids(part: Contents) -> tuple[tuple[str, str], ...]:
    return tuple((f"#{anchor}", name) for anchor, name in part.links)
