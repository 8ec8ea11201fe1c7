"""`fincore pages verify`: its exit code, what it prints, and what it leaves for the alerts."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from prometheus_client import REGISTRY

from fincore.__main__ import main
from fincore.bootstrap.page_checks import PageCheck, Result
from fincore.cli.pages import exit_code_of
from fincore.postgres.pool import Pool
from fincore.write.merchants.api_key import mint
from fincore.write.pages.verifications import Scope, Verifications, measure_verifications
from fixtures.checkout_server import Checkout, serving_checkout
from fixtures.merchant_api import serving_api


@pytest.fixture
async def checkout(pool: Pool) -> AsyncIterator[Checkout]:
    async with serving_api(pool) as api, serving_checkout(api) as checkout:
        yield checkout


async def measured(pool: Pool, scope: Scope = "pages") -> tuple[float | None, float | None]:
    await measure_verifications(pool)
    names = ("fincore_page_problems", "fincore_pages_matched_timestamp_seconds")
    problems, matched_at = (REGISTRY.get_sample_value(name, {"scope": scope}) for name in names)
    return problems, matched_at


async def test_last_verification_is_kept_for_the_alerts(pool: Pool) -> None:
    assert await measured(pool) == (0.0, 0.0)
    verifications = Verifications(pool)
    await verifications.record("pages", 2)
    assert await measured(pool) == (2.0, 0.0)
    await verifications.record("pages", 0)
    problems, matched_at = await measured(pool)
    assert problems == 0.0
    assert matched_at
    await verifications.record("pages", 1)
    assert await measured(pool) == (1.0, matched_at)


async def test_verification_of_frames_is_kept_apart(pool: Pool) -> None:
    assert await measured(pool, "frames_live") == (None, None)
    verifications = Verifications(pool)
    await verifications.expect(["frames_live", "frames_test"])
    assert await measured(pool, "frames_live") == (0.0, 0.0)
    await verifications.record("frames_live", 1)
    await verifications.record("pages", 0)
    await verifications.record("frames_test", 0)
    await verifications.expect(["frames_live", "frames_test"])
    assert await measured(pool, "frames_live") == (1.0, 0.0)


@pytest.mark.parametrize(
    ("results", "code"),
    [
        (["matches", "none yet"], 0),
        (["matches", "not checked"], 3),
        (["differs", "not checked"], 1),
        (["differs", "matches"], 1),
    ],
)
def test_exit_code_is_0_only_if_all_match(results: list[Result], code: int) -> None:
    assert exit_code_of([PageCheck("page", result) for result in results]) == code


Typed = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def typed(
    checkout: Checkout, dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    """Runs the command; returns its exit code and what it prints."""
    monkeypatch.setenv("FINCORE_EVENTSTORE_DSN", dsn)
    monkeypatch.setenv("FINCORE_PUBLIC_URL", checkout.url)

    async def typed(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["fincore", "pages", "verify", *words])

        def run() -> int:
            try:
                main()
            except SystemExit as ended:
                return int(ended.code or 0)
            return 0

        code = await asyncio.to_thread(run)
        return code, capsys.readouterr().out

    return typed


async def test_command_says_what_it_found(checkout: Checkout, pool: Pool, typed: Typed) -> None:
    code, printed = await typed()
    assert code == 0, printed
    assert "page of the last session" in printed
    assert f"match at {checkout.url}" in printed
    problems, matched_at = await measured(pool)
    assert (problems, bool(matched_at)) == (0.0, True)
    code, printed = await typed("http://127.0.0.1:9")
    assert code == 3
    assert printed.count("it could not be checked: there is no answer") == 1, (
        "what all have in common is said once"
    )
    assert await measured(pool) == (0.0, matched_at), (
        "another address than the public one is kept for no alert"
    )


async def test_command_without_frames_clears_no_alert_of_them(
    pool: Pool, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CLIENT_ID", "CLIENT_SECRET", "WEBHOOK_ID"):
        monkeypatch.setenv(f"FINCORE_PAYPAL_TEST_{name}", "Atest")
    code, printed = await typed()
    assert (code, "/frames/paypal, frames_test" in printed, "left out" in printed) == (0, True, True)
    assert await measured(pool, "frames_test") == (0.0, 0.0), "they are to be looked at, and never were"
    shop = ("--origin", "https://shop.example", "--key")
    code, _ = await typed(*shop, mint("publishable", livemode=False).reveal())
    assert code == 3, "the shop is unknown, so that its frame cannot be checked"
    assert await measured(pool, "frames_test") == (1.0, 0.0)
    assert (await measured(pool))[0] == 0.0
    await typed()
    code, printed = await typed(*shop, mint("publishable", livemode=True).reveal())
    assert "no account at PayPal is in the mode of the key" in printed
    assert await measured(pool, "frames_live") == (None, None)
    assert await measured(pool, "frames_test") == (1.0, 0.0)
