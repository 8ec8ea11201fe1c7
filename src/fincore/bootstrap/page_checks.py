"""The pages as a customer's browser gets them, through the public URL, compared with the inventory of this version."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, Literal, NamedTuple
from urllib.parse import urlencode, urlsplit

import aiohttp
import msgspec

from fincore.checkout.inventory.differences import (
    Answer,
    file_differences,
    page_differences,
    sdk_differences,
)
from fincore.checkout.inventory.frame_differences import frame_differences
from fincore.checkout.inventory.inventory import INVENTORY
from fincore.checkout.js.built_files import BUILT_FILES
from fincore.checkout.paypal_frame.body import Frame, render_frame, sources_of
from fincore.domain.checkout_session import CheckoutSession

Result = Literal["matches", "differs", "not checked", "none yet", "left out"]

TIMEOUT_SECONDS: Final = 15.0
CONNECTIONS_MAX: Final = 4
BODY_BYTES_MAX: Final = 4 * 1024 * 1024
NO_PAGES: Final = ("/checkout/cos_none/none", "/return/ch_none/none")
"""Addresses that were never given out."""
_SESSION_PAGE: Final = "page of the last session"
_OK, _WAITS, _LEADS_ON, _NOT_FOUND, _LIMITED, _FAILS = 200, 202, 303, 404, 429, 500
_REFUSALS: Final = (400, 401, 403, 404, 422)
"""What a frame answers for a key, an origin or an account that is none."""
_BROWSER: Final = {
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Accept-Language": "en",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
}
"""What a browser says of itself. It does not say that a customer looks, so that no payment begins."""


class PageCheck(msgspec.Struct, frozen=True):
    """What was looked at, how it compares, and a sentence for each finding."""

    what: str
    result: Result
    findings: tuple[str, ...] = ()


class _Target(NamedTuple):
    """Something to fetch: `statuses` are those that it may answer with, and `compare` says what differs.

    A status of `refusals` says that what was asked for was wrong, and nothing of what customers get.
    """

    what: str
    path: str
    statuses: tuple[int, ...]
    compare: Callable[[Answer], tuple[str, ...]]
    refusals: tuple[int, ...] = ()


class _NotReceived(Exception):
    """No answer came that could be compared."""


async def check_pages(public_url: str, last_session: CheckoutSession | None) -> list[PageCheck]:
    """Fetch every page and file at `public_url`, and compare it. `last_session` is the one of which the page is looked at."""
    is_https = public_url.startswith("https://")
    found = await _checked(public_url, _targets(last_session, is_https=is_https))
    if last_session is None:
        return [PageCheck(_SESSION_PAGE, "none yet"), *found]
    return found


async def check_frames(public_url: str, frames: Iterable[Frame]) -> list[PageCheck]:
    """Fetch the frames of a shop's page at `public_url`, and compare them; their nonces may be any."""
    is_https = public_url.startswith("https://")
    return await _checked(public_url, (_frame_target(frame, is_https=is_https) for frame in frames))


async def _checked(public_url: str, targets: Iterable[_Target]) -> list[PageCheck]:
    connector = aiohttp.TCPConnector(limit=CONNECTIONS_MAX)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, headers=_BROWSER) as client:
        return await asyncio.gather(*(_check(client, public_url, target) for target in targets))


def _targets(last_session: CheckoutSession | None, *, is_https: bool) -> Iterator[_Target]:
    if last_session is not None:
        path = urlsplit(last_session.page).path
        compare = partial(_session_differences, is_https=is_https)
        yield _Target(_SESSION_PAGE, path, (_OK, _WAITS, _LEADS_ON), compare)
    for path in NO_PAGES:
        compare = partial(page_differences, INVENTORY.page("not found"), is_https=is_https)
        yield _Target(path, path, (_NOT_FOUND,), compare)
    for file in INVENTORY.files:
        yield _Target(file.path, file.path, (_OK,), partial(file_differences, file, is_https=is_https))
    for (version, name), built in BUILT_FILES.items():
        path = f"/js/{version}/{name}"
        yield _Target(path, path, (_OK,), partial(sdk_differences, built.content, is_https=is_https))


def _frame_target(frame: Frame, *, is_https: bool) -> _Target:
    (listed,) = INVENTORY.frames
    request = frame.request
    query = {
        "key": request.key,
        "origin": request.origin,
        "account": request.account,
        "currency": request.currency,
        "intent": request.intent,
    }

    def content(nonce: str) -> bytes:
        return render_frame(msgspec.structs.replace(frame, nonce=nonce)).body

    compare = partial(
        frame_differences,
        listed,
        psp=sources_of(frame.access.script_url),
        origin=request.origin,
        content=content,
        is_https=is_https,
    )
    what = f"{listed.path} of account {request.account}"
    return _Target(what, f"{listed.path}?{urlencode(query)}", (_OK,), compare, _REFUSALS)


def _session_differences(answer: Answer, *, is_https: bool) -> tuple[str, ...]:
    name = "session that waits" if answer.status == _WAITS else "session"
    return page_differences(INVENTORY.page(name), answer, is_https=is_https)


async def _check(client: aiohttp.ClientSession, public_url: str, target: _Target) -> PageCheck:
    try:
        answer = await _fetch(client, public_url + target.path)
    except _NotReceived as error:
        return PageCheck(target.what, "not checked", (f"it could not be checked: {error}",))
    if answer.status in target.refusals:
        said = f"it could not be checked: the server answers {answer.status} to the key, the origin and the account"
        return PageCheck(target.what, "not checked", (said,))
    if answer.status not in target.statuses:
        wanted = " or ".join(map(str, target.statuses))
        return PageCheck(target.what, "differs", (f"it answers {answer.status}, not {wanted}",))
    differences = target.compare(answer)
    return PageCheck(target.what, "differs" if differences else "matches", differences)


async def _fetch(client: aiohttp.ClientSession, url: str) -> Answer:
    try:
        async with client.get(url, allow_redirects=False) as response:
            if response.status == _LIMITED or response.status >= _FAILS:
                raise _NotReceived(f"the server answers {response.status}")
            body = await response.content.read(BODY_BYTES_MAX + 1)
            while len(body) <= BODY_BYTES_MAX and (more := await response.content.read(BODY_BYTES_MAX)):
                body += more
            if len(body) > BODY_BYTES_MAX:
                raise _NotReceived(f"the answer has more than {BODY_BYTES_MAX:,} bytes")
            headers = [(name.lower(), value) for name, value in response.headers.items()]
            return Answer(response.status, headers, body)
    except TimeoutError:
        raise _NotReceived(f"no whole answer came within {TIMEOUT_SECONDS:g} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise _NotReceived(f"there is no answer ({error or type(error).__name__})") from None
