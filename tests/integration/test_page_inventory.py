"""The inventory of pages against what the customers' server serves: headers, scripts, styles, frames, and their hashes."""

import hashlib
import importlib
import pkgutil
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec
import pytest

import fincore.checkout
from fincore.bootstrap.application import ApplicationOptions
from fincore.bootstrap.checkout_application import CheckoutOptions
from fincore.bootstrap.page_checks import PageCheck, check_frames, check_pages
from fincore.checkout.inventory.differences import Answer, file_differences, page_differences
from fincore.checkout.inventory.frame_differences import frame_differences
from fincore.checkout.inventory.inventory import INVENTORY, ListedPage
from fincore.checkout.paypal_frame.body import Frame, render_frame
from fincore.checkout.paypal_frame.requests import FrameRequest
from fincore.domain.checkout_session import CheckoutSession, fold_session
from fincore.domain.checkout_session_events import CHECKOUT_SESSION_EVENTS
from fincore.domain.currency import Currency
from fincore.domain.ids import CheckoutSessionId, parse_checkout_session_id, session_stream_of
from fincore.domain.outcome import PspAccount
from fincore.eventstore.log import EventLog
from fincore.http.endpoint import Route
from fincore.postgres.pool import Pool
from fincore.write.merchants.origin import Origin
from fincore.write.merchants.origins import Origins
from fincore.write.psp.account import BrowserAccess
from fixtures.checkout_server import Checkout, serving_checkout
from fixtures.clocks import HandClock
from fixtures.commits import NOON
from fixtures.merchant_api import Api, Reply, serving_api
from fixtures.routing import paypal, stripe

ACCOUNTS: Final = (
    stripe("us", is_default=True, payment_method_types=frozenset({"card", "hosted_card"})),
    paypal("shop", is_default=True),
)
ORIGIN: Final = "https://pay.example"
PAYPAL_SCRIPT: Final = "https://paypal.example/js"
PAGES: Final = {"return_url": "https://shop.example/back", "cancel_url": "https://shop.example/cart"}
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
SOURCES: Final = re.compile(
    r"(?:script|style|frame|connect|img|font|worker|default)-src(?:-elem|-attr)? ([^;]*)"
)


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool, accounts=ACCOUNTS, options=ApplicationOptions(public_url=ORIGIN)) as api:
        yield api


@pytest.fixture
async def checkout(api: Api) -> AsyncIterator[Checkout]:
    options = CheckoutOptions(public_url=ORIGIN, return_wait_seconds=0.05)
    async with serving_checkout(api, options=options, accounts=ACCOUNTS) as checkout:
        yield checkout


async def new_session(api: Api) -> dict[str, Any]:
    body = {
        "amount_minor": 1999,
        "currency": "usd",
        "success_url": "https://shop.example/thanks",
        "cancel_url": "https://shop.example/cart",
    }
    reply = await api.post("/v1/checkout_sessions", "one", body)
    assert reply.status == 201, reply.body
    made: dict[str, Any] = reply.json()
    return made


async def session(api: Api, checkout: Checkout) -> Reply:
    return await checkout.visit(urlsplit((await new_session(api))["url"]).path)


async def session_that_waits(api: Api, checkout: Checkout) -> Reply:
    """No worker runs, so that what the customer chose goes on waiting."""
    path = urlsplit((await new_session(api))["url"]).path
    body = urlencode({"payment_method": "card"}).encode()
    assert (await checkout.request("POST", path, headers=FORM, data=body)).status == 303
    return await checkout.visit(path)


async def way_on(api: Api, checkout: Checkout) -> Reply:
    made = await api.charge("k", payment_method={"type": "paypal"}, **PAGES)  # type: ignore[arg-type]
    page = (await api.folded(made.json()["id"])).return_page
    assert page is not None
    return await checkout.visit(f"{urlsplit(page).path}/canceled")


async def not_found(_: Api, checkout: Checkout) -> Reply:
    return await checkout.visit("/return/ch_none/none")


SERVED: Final[dict[str, tuple[int, Callable[[Api, Checkout], Awaitable[Reply]]]]] = {
    "session": (200, session),
    "session that waits": (202, session_that_waits),
    "return": (303, way_on),
    "not found": (404, not_found),
}


def answer_of(reply: Reply) -> Answer:
    return Answer(reply.status, [(name.lower(), value) for name, value in reply.headers.items()], reply.body)


def test_every_listed_page_is_looked_at() -> None:
    assert [page.name for page in INVENTORY.pages] == list(SERVED)


@pytest.mark.parametrize("page", INVENTORY.pages, ids=lambda page: page.name)
async def test_page_is_served_as_it_is_listed(api: Api, checkout: Checkout, page: ListedPage) -> None:
    status, visit = SERVED[page.name]
    reply = await visit(api, checkout)
    assert reply.status == status
    assert page_differences(page, answer_of(reply), is_https=True) == ()


async def test_file_is_served_as_it_is_listed(checkout: Checkout) -> None:
    for file in INVENTORY.files:
        reply = await checkout.visit(file.path)
        assert reply.status == 200, (
            f"{file.name} has another hash: review it, then list it in payment-page.json"
        )
        assert file_differences(file, answer_of(reply), is_https=True) == ()


def test_listed_files_are_those_of_the_package() -> None:
    """A script or style that is added to the package of the customers' server needs its line; one that is gone has none."""
    folder = Path(fincore.checkout.__file__).parent
    found = {
        f"sha384-{b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()}"
        for path in folder.rglob("*")
        if path.suffix in (".js", ".mjs", ".css") and not path.is_relative_to(folder / "js" / "built")
    }
    assert {file.integrity for file in INVENTORY.files} == found


def test_listed_files_are_loaded_by_listed_pages() -> None:
    used = {name for page in INVENTORY.pages for name in page.files}
    assert used == {file.name for file in INVENTORY.files}


def html_paths() -> Iterator[str]:
    """The paths of the customers' server that answer with a page."""
    for module in pkgutil.walk_packages(fincore.checkout.__path__, "fincore.checkout."):
        for one in vars(importlib.import_module(module.name)).values():
            if isinstance(one, type) and one.__module__ == module.name and hasattr(one, "routes"):
                routes: Sequence[Route] = object.__new__(one).routes()
                yield from (route.path for route in routes if route.method == "GET" and is_page(route))


def is_page(route: Route) -> bool:
    contents = route.operation.responses.values()
    return any(content.media_type.startswith("text/html") for content in contents)


def test_every_path_of_a_page_is_listed() -> None:
    found = set(html_paths())
    assert "/return/{charge_id}/{word}" in found
    listed = {path for page in INVENTORY.pages for path in page.paths}
    assert listed | {frame.path for frame in INVENTORY.frames} == found


def test_policies_name_no_source_but_ours_and_the_psps() -> None:
    of_psps = {"{0.scheme}://{0.netloc}".format(urlsplit(script.url)) for script in INVENTORY.psp_scripts}
    for page in INVENTORY.pages:
        policy = page.headers["content-security-policy"]
        named = {source for sources in SOURCES.findall(policy) for source in sources.split()}
        assert named <= {"'none'", "'self'", *of_psps}, page.name
        assert "unsafe" not in policy


async def last_session(api: Api) -> CheckoutSession:
    known = parse_checkout_session_id(CheckoutSessionId((await new_session(api))["id"]))
    log = EventLog(api.pool, CHECKOUT_SESSION_EVENTS)
    found = fold_session(recorded.event for recorded in await log.load(session_stream_of(known)))
    assert found is not None
    return found


async def test_what_is_served_matches_the_inventory(api: Api, checkout: Checkout) -> None:
    checks = await check_pages(checkout.url, await last_session(api))
    assert [check for check in checks if check.result != "matches"] == []
    assert {file.path for file in INVENTORY.files} | {"/js/v1/fincore.js"} <= {check.what for check in checks}
    first = (await check_pages(checkout.url, None))[0]
    assert first == PageCheck("page of the last session", "none yet")


def frame_of(key: str, origin: str = "https://shop.example", script_url: str = PAYPAL_SCRIPT) -> Frame:
    """The frame that the operator's machine expects."""
    return Frame(
        request=FrameRequest(
            key=key,
            origin=origin,
            account=PspAccount("shop"),
            currency=Currency("usd"),
            intent="capture",
            locale=None,
        ),
        access=BrowserAccess(script_url=script_url, client_id="Ashop"),
        nonce="",
    )


async def test_frame_is_compared_as_a_shop_gets_it(api: Api, checkout: Checkout) -> None:
    await Origins(api.pool, HandClock(NOON)).add(
        api.merchant_id, Origin("https://shop.example"), livemode=False
    )
    key = (await api.new_key(kind="publishable")).reveal()

    async def checked(frame: Frame) -> PageCheck:
        (check,) = await check_frames(checkout.url, [frame])
        return check

    assert await checked(frame_of(key)) == PageCheck("/frames/paypal of account shop", "matches")
    refused = await checked(frame_of(key, "https://evil.example"))
    assert (refused.result, "answers 403 to the key" in refused.findings[0]) == ("not checked", True)
    differs = await checked(frame_of(key, script_url="https://other.example/js"))
    assert differs.result == "differs"
    policy, content = differs.findings
    assert policy.startswith("the header content-security-policy is default-src 'none'; script-src 'self'")
    assert content == "its HTML is not what this version writes"


NONCE: Final = "n" * 24


def tampered_frame(*, policy: Sequence[tuple[str, str]] = (), html: Sequence[tuple[str, str]] = ()) -> Answer:
    """A frame as it is served, with some text of it replaced."""
    served = render_frame(msgspec.structs.replace(frame_of("pk_test_1"), nonce=NONCE))
    headers = dict(served.headers) | {"cache-control": "no-store"}
    text, body = headers["content-security-policy"], served.body.decode()
    for old, new in policy:
        assert old in text
        text = text.replace(old, new)
    for old, new in html:
        assert old in body
        body = body.replace(old, new)
    headers["content-security-policy"] = text
    return Answer(200, [*(INVENTORY.headers | headers).items()], body.encode())


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (tampered_frame(), []),
        (
            tampered_frame(policy=[(NONCE, "short")]),
            ["the header content-security-policy", "its HTML is not"],
        ),
        (
            tampered_frame(policy=[("frame-ancestors https://shop.example", "frame-ancestors *")]),
            ["the header content-security-policy"],
        ),
        (
            tampered_frame(policy=[("'self' ", "'self' 'unsafe-inline' ")]),
            ["the header content-security-policy"],
        ),
        (
            tampered_frame(html=[("</head>", "<script>steal()</script></head>")]),
            ["it has inline code (script)", "its HTML is not"],
        ),
        (
            tampered_frame(html=[("/js/v1/paypal_frame.js", "https://evil.example/x.js")]),
            ["it loads https://evil.example/x.js (script)", "its HTML is not"],
        ),
        (tampered_frame(html=[("client-id=Ashop", "client-id=Aevil")]), ["its HTML is not"]),
    ],
    ids=["served", "no nonce", "held by any", "inline allowed", "inline", "other script", "other account"],
)
def test_tampered_frame_is_told(answer: Answer, found: list[str]) -> None:
    (listed,) = INVENTORY.frames
    differences = frame_differences(
        listed,
        answer,
        psp="https://paypal.example",
        origin="https://shop.example",
        content=lambda nonce: render_frame(msgspec.structs.replace(frame_of("pk_test_1"), nonce=nonce)).body,
        is_https=False,
    )
    assert [one[: len(start)] for one, start in zip(differences, found, strict=True)] == found


async def test_server_that_is_away_is_no_success(api: Api) -> None:
    checks = await check_pages("http://127.0.0.1:9", await last_session(api))
    assert {check.result for check in checks} == {"not checked"}
    assert all("could not be checked: there is no answer" in check.findings[0] for check in checks)
