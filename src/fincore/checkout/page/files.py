"""The files of pages: each at an address that changes with its content, with its hash for browsers to compare (SRI)."""

import base64
import hashlib
from importlib.resources import files
from typing import Final, NamedTuple

from fincore.domain.checkout_page import CHECKOUT_PATH


class PageFile(NamedTuple):
    """A file that pages load. `integrity` is the hash as W3C's Subresource Integrity writes it."""

    path: str
    media_type: str
    content: bytes
    integrity: str


def _page_file(name: str, media_type: str) -> PageFile:
    content = (files(__package__) / name).read_bytes()
    digest = hashlib.sha384(content).digest()
    stem, _, ending = name.partition(".")
    path = f"{CHECKOUT_PATH}/page-{stem.replace('_', '-')}-{digest.hex()[:16]}.{ending}"
    return PageFile(path, media_type, content, f"sha384-{base64.b64encode(digest).decode()}")


STYLE: Final = _page_file("style.css", "text/css; charset=utf-8")
LOOK_AGAIN: Final = _page_file("look_again.js", "text/javascript; charset=utf-8")
"""The script of a page that waits."""
