"""HTML out of parts, where every text is escaped: what is not `Markup` is text. Pure."""

from html import escape
from typing import Final, NewType

Markup = NewType("Markup", str)
"""HTML as it is sent. Only this module makes it."""

Attribute = tuple[str, str]
_VOID: Final = frozenset(("input", "link", "meta"))


def text(given: str) -> Markup:
    """A text that no browser takes for a tag."""
    return Markup(escape(given))


def element(name: str, attributes: tuple[Attribute, ...], *inner: Markup) -> Markup:
    """One element; `name` and the names of attributes are ours, and their values may be of a merchant."""
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes)
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{''.join(inner)}</{name}>")


def document(*, language: str, head: tuple[Markup, ...], body: tuple[Markup, ...]) -> bytes:
    """A whole page."""
    page = element("html", (("lang", language),), element("head", (), *head), element("body", (), *body))
    return f"<!doctype html>{page}".encode()
