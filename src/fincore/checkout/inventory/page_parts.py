"""What a page loads, runs and leads to by itself, as its HTML says. Pure."""

from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Final

import msgspec

INLINE: Final = "(inline)"
"""The source of code or style that stands in the page itself."""
ELEMENTS: Final = frozenset(
    [
        "a",
        "bdi",
        "body",
        "button",
        "form",
        "h1",
        "h2",
        "head",
        "html",
        "li",
        "link",
        "main",
        "meta",
        "noscript",
        "p",
        "script",
        "span",
        "title",
        "ul",
    ]
)
"""The elements of our pages: none of them but `link` and `script` loads anything."""


class Loaded(msgspec.Struct, frozen=True):
    """A script or style that a page loads, and the hash that it names for it."""

    kind: str
    source: str
    integrity: str


class PageParts(msgspec.Struct, frozen=True):
    """What was found: what is loaded, the targets of forms, where the page moves by itself, and what no page of ours has."""

    loaded: tuple[Loaded, ...]
    form_actions: tuple[str, ...]
    moves_to: tuple[str, ...]
    foreign: tuple[str, ...]


def page_parts(html: str) -> PageParts:
    """The parts of a page. Content that browsers would pass over is named too: what is unclear is not taken for harmless."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return PageParts(
        tuple(reader.loaded), tuple(reader.form_actions), tuple(reader.moves_to), tuple(reader.foreign)
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[Loaded] = []
        self.form_actions: list[str] = []
        self.moves_to: list[str] = []
        self.foreign: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in reversed(attrs)}
        if tag not in ELEMENTS:
            self.foreign.append(f"the element `{tag}`")
        self.foreign += [
            f"the attribute `{name}`"
            for name in given
            if name.startswith("on") or name in ("style", "srcdoc", "ping")
        ]
        if any(
            value.strip().lower().startswith(("javascript:", "data:", "vbscript:"))
            for value in given.values()
        ):
            self.foreign.append(f"code in an address of `{tag}`")
        if tag == "script":
            self.loaded.append(Loaded("script", given.get("src", INLINE), given.get("integrity", "")))
        elif tag == "link":
            kind = "style" if given.get("rel") == "stylesheet" else f"link of kind `{given.get('rel', '')}`"
            self.loaded.append(Loaded(kind, given.get("href", INLINE), given.get("integrity", "")))
        elif tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self._moves(given.get("content", ""))
        elif tag == "form":
            self.form_actions.append(given.get("action", ""))
        self.form_actions += [given["formaction"]] if "formaction" in given else []

    def _moves(self, content: str) -> None:
        """A page may open itself anew; what has another address moves the customer there."""
        if not content.strip().isdecimal():
            self.moves_to.append(content)
