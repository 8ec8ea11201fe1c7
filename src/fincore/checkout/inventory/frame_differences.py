"""What a frame for pages of shops has that differs from the inventory, a sentence each. Pure."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from fincore.checkout.inventory.differences import Answer, header_differences, shown
from fincore.checkout.inventory.inventory import INVENTORY, ListedFrame
from fincore.checkout.inventory.page_parts import INLINE, page_parts

_NONCE: Final = re.compile(r"'nonce-([A-Za-z0-9_-]{16,64})'")


def frame_differences(
    frame: ListedFrame,
    answer: Answer,
    *,
    psp: str,
    origin: str,
    content: Callable[[str], bytes],
    is_https: bool,
) -> tuple[str, ...]:
    """How a frame differs from what is listed: its headers, and its HTML.

    `psp` is the origins of the PSP, `origin` that of the page which asked; `content` gives what this version writes with a nonce. The
    nonce is of the one answer, so that the one in its policy is taken.
    """
    found = _NONCE.search(" ".join(answer.values("content-security-policy")))
    nonce = found[1] if found else ""
    filled = {"{psp}": psp, "{nonce}": nonce, "{origin}": origin}
    own = {
        name: re.sub(r"\{\w+\}", lambda mark: filled[mark[0]], value) for name, value in frame.headers.items()
    }
    expected = INVENTORY.headers_with(own, is_https=is_https)
    return (
        *header_differences(expected, answer),
        *_html_differences(frame, answer.body, content(nonce)),
    )


def _html_differences(frame: ListedFrame, body: bytes, expected: bytes) -> Iterator[str]:
    if body == expected:
        return
    for one in page_parts(body.decode("utf-8", "replace")).loaded:
        if one.source == INLINE:
            yield f"it has inline code ({one.kind}), which is not listed"
        elif one.source not in frame.scripts:
            yield f"it loads {shown(one.source)} ({one.kind}), which is not listed"
    yield "its HTML is not what this version writes"
