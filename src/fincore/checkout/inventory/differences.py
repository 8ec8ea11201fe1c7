"""What an answer has that differs from the inventory, a sentence each. Pure."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from fincore.checkout.inventory.inventory import INVENTORY, ListedFile, ListedPage
from fincore.checkout.inventory.page_parts import INLINE, page_parts

FORBIDDEN_HEADERS: Final = frozenset(
    [
        "access-control-allow-origin",
        "link",
        "refresh",
        "service-worker-allowed",
        "sourcemap",
    ]
)
"""Headers that no page and no file of a page has: each could load, run or give away what the inventory does not list."""
HSTS: Final = "strict-transport-security"
SHOWN_CHARACTERS_MAX: Final = 200
_MAX_AGE: Final = re.compile(r"(?:^|;)\s*max-age=\"?([0-9]{1,15})\"?\s*(?:;|$)", re.IGNORECASE)


class Answer(msgspec.Struct, frozen=True):
    """An answer as it was received; the names of headers in lower case."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        """All values of a header."""
        return [value for key, value in self.headers if key == name]


def page_differences(page: ListedPage, answer: Answer, *, is_https: bool) -> tuple[str, ...]:
    """How a page differs from what is listed: its headers, and what its HTML loads, runs or sends elsewhere."""
    expected = INVENTORY.headers_with(page.headers, is_https=is_https)
    return (*header_differences(expected, answer), *_html_differences(page, answer.body))


def file_differences(file: ListedFile, answer: Answer, *, is_https: bool) -> tuple[str, ...]:
    """How a script or style differs from what is listed: its headers, and its hash."""
    expected = INVENTORY.headers_with(file.headers, is_https=is_https)
    return (*header_differences(expected, answer), *_hash_differences(file.integrity, answer.body))


def sdk_differences(content: bytes, answer: Answer, *, is_https: bool) -> tuple[str, ...]:
    """How a file of the browser SDK differs from `content`, that of the package."""
    expected = INVENTORY.headers_with(INVENTORY.sdk.headers, is_https=is_https)
    del expected["cache-control"]
    return (*header_differences(expected, answer), *_hash_differences(integrity_of(content), answer.body))


def integrity_of(content: bytes) -> str:
    """The hash of content as W3C's Subresource Integrity writes it."""
    return f"sha384-{base64.b64encode(hashlib.sha384(content).digest()).decode()}"


def _hash_differences(integrity: str, content: bytes) -> tuple[str, ...]:
    found = integrity_of(content)
    return () if found == integrity else (f"its content has the hash {found}, not {integrity}",)


def header_differences(expected: Mapping[str, str], answer: Answer) -> Iterator[str]:
    """The headers that are missing, weaker or other than expected, and those that no answer of ours has."""
    for name, value in expected.items():
        values = answer.values(name)
        if not values:
            yield f"the header {name} is missing"
        elif len(values) > 1:
            yield f"the header {name} is there {len(values)} times"
        elif name == HSTS:
            if _max_age(values[0]) < _max_age(value):
                yield f"the header {name} is weaker: {shown(values[0])}, not at least {value}"
        elif _plain(values[0]) != _plain(value):
            yield f"the header {name} is {shown(values[0])}, not {value}"
    for name in FORBIDDEN_HEADERS - expected.keys():
        for value in answer.values(name):
            yield f"the header {name} should not be there: {shown(value)}"


def _html_differences(page: ListedPage, body: bytes) -> Iterator[str]:
    listed = INVENTORY.files_of(page)
    parts = page_parts(body.decode("utf-8", "replace"))
    integrities: dict[tuple[str, str], str] = {(file.kind, file.path): file.integrity for file in listed}
    for one in parts.loaded:
        integrity = integrities.get((one.kind, one.source))
        if integrity is None:
            where = "has inline code" if one.source == INLINE else f"loads {shown(one.source)}"
            yield f"it {where} ({one.kind}), which is not listed"
        elif one.integrity != integrity:
            yield f"it loads {one.source} without the hash that is listed"
    loaded = {one.source for one in parts.loaded}
    yield from (f"it does not load {file.path}" for file in listed if file.path not in loaded)
    yield from (f"it has {shown(found)}, which no page has" for found in parts.foreign)
    yield from (f"it moves the customer on by itself: {shown(target)}" for target in parts.moves_to)
    for action in parts.form_actions:
        if not action.startswith("/checkout/"):
            yield f"it sends its form to {shown(action)}"


def _max_age(value: str) -> int:
    found = _MAX_AGE.search(value)
    return int(found[1]) if found else 0


def _plain(value: str) -> str:
    return " ".join(value.split())


def shown(value: str) -> str:
    """A text of an answer, which may be hostile: bounded, and on one line."""
    line = " ".join(value.split())
    return line if len(line) <= SHOWN_CHARACTERS_MAX else f"{line[:SHOWN_CHARACTERS_MAX]}..."
