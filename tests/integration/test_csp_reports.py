"""Reports of browsers over HTTP: bounded, counted, kept in aggregate, listed; and a flood of forged ones."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network
from typing import cast

import pytest
from prometheus_client import REGISTRY

from fincore.bootstrap.checkout_application import CheckoutOptions
from fincore.checkout.csp_reports.handlers import BODY_BYTES_MAX, REPORTS_AT_ONCE_MAX
from fincore.postgres.pool import Pool
from fincore.write.pages.csp_reports import COUNTED_MAX, KEPT_FOR, ROWS_MAX, CspReports
from fincore.write.pages.violation import OTHER, Violation
from fixtures.checkout_server import Checkout, serving_checkout
from fixtures.merchant_api import Reply, serving_api

PATH = "/v1/csp-reports"
PAGE = "/return/{charge_id}/{word}"
OPTIONS = CheckoutOptions(public_url="https://pay.example", trusted_proxies=(ip_network("127.0.0.1"),))


@pytest.fixture
async def checkout(pool: Pool) -> AsyncIterator[Checkout]:
    async with serving_api(pool) as api, serving_checkout(api, options=OPTIONS) as checkout:
        yield checkout


async def report(
    checkout: Checkout,
    body: bytes,
    *,
    media_type: str = "application/reports+json",
    address: str = "192.0.2.1",
) -> Reply:
    headers = {"Content-Type": media_type, "X-Forwarded-For": address}
    return await checkout.request("POST", PATH, headers=headers, data=body)


def violations(count: int = 1) -> bytes:
    one = {
        "type": "csp-violation",
        "body": {
            "documentURL": "https://pay.example/return/ch_1/secretword?mail=ada@example.com",
            "effectiveDirective": "script-src-elem",
            "blockedURL": "https://evil.example/x.js?card=4242424242424242",
        },
    }
    return json.dumps([one] * count).encode()


def counted() -> float:
    labels = {"directive": "script-src-elem", "blocked": "origin"}
    return REGISTRY.get_sample_value("fincore_csp_reports_total", labels) or 0.0


async def test_reports_are_counted_and_kept_without_customers(checkout: Checkout, pool: Pool) -> None:
    before = counted()
    reply = await report(checkout, violations(2))
    assert (reply.status, reply.body) == (204, b"")
    await checkout.csp_reports.flush()
    await report(checkout, violations())
    await checkout.csp_reports.flush()
    (kept,) = await checkout.csp_reports.list(limit=10)
    assert (kept.page, kept.directive, kept.blocked) == (PAGE, "script-src-elem", "https://evil.example")
    assert (kept.reports, counted() - before) == (3, 3)
    assert kept.first_seen_at < kept.last_seen_at
    (row,) = await pool.fetch("select r::text as text from pages.csp_reports r")
    assert not any(word in row["text"] for word in ("ch_1", "secretword", "ada", "4242", "192.0.2.1"))


async def test_what_is_no_report_is_a_problem(checkout: Checkout) -> None:
    body = violations()
    assert (await report(checkout, b"[7]")).problem()[:2] == (400, "json_invalid")
    assert (await report(checkout, body, media_type="application/json")).problem()[:2] == (
        415,
        "media_type_unsupported",
    )
    too_large = b" " * (BODY_BYTES_MAX + 1)
    assert (await report(checkout, too_large)).problem()[:2] == (413, "body_too_large")
    level_2 = b'{"csp-report": {"document-uri": "https://pay.example/", "violated-directive": "img-src"}}'
    assert (await report(checkout, level_2, media_type="application/csp-report; charset=utf-8")).status == 204


async def test_what_is_not_read_is_counted(checkout: Checkout) -> None:
    def unread() -> list[float]:
        reasons = ("media_type", "body", "report")
        name = "fincore_browser_reports_unread_total"
        return [REGISTRY.get_sample_value(name, {"reason": reason}) or 0.0 for reason in reasons]

    before = unread()
    nested = b"[" * 20_000 + b"]" * 20_000
    replies = [
        await report(checkout, b"[]", media_type="text/plain"),
        await report(checkout, b'[{"type": "csp-violation", "body": %b}]' % nested),
        await report(
            checkout, b'{"csp-report": {"blocked-uri": %b}}' % nested, media_type="application/csp-report"
        ),
        await report(checkout, b'[{"type": "coop", "body": {}}, {"type": 7}]'),
    ]
    assert [reply.status for reply in replies] == [415, 400, 400, 204]
    assert [now - then for now, then in zip(unread(), before, strict=True)] == [1.0, 2.0, 2.0]


async def test_hostile_report_reaches_neither_log_nor_table(
    checkout: Checkout, pool: Pool, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = {
        "documentURL": 'https://pay.example/return/ch_1/w\r\n{"event": "forged"}',
        "effectiveDirective": "script-src\r\nX-Forged: 1",
        "blockedURL": "https://evil\r\n.example\x00\x1b[31m/",
    }
    reply = await report(checkout, json.dumps([{"type": "csp-violation", "body": hostile}]).encode())
    assert reply.status == 204
    await checkout.csp_reports.flush()
    (row,) = await pool.fetch("select page, directive, blocked from pages.csp_reports")
    told = caplog.text + "".join(capsys.readouterr()) + str(tuple(row))
    assert not any(word in told.lower() for word in ("forged", "\x1b", "\x00", "\r"))


async def test_flood_of_reports_is_limited_by_address(checkout: Checkout) -> None:
    statuses = [(await report(checkout, b"[]")).status for _ in range(2 * REPORTS_AT_ONCE_MAX)]
    assert statuses[:REPORTS_AT_ONCE_MAX] == [204] * REPORTS_AT_ONCE_MAX
    assert 429 in statuses
    assert (await report(checkout, b"[]", address="192.0.2.2")).status == 204


async def test_forged_origins_fill_neither_memory_nor_table(pool: Pool) -> None:
    reports = CspReports(pool)
    reports.add([Violation(PAGE, "img-src", "https://true.example")])
    await reports.flush()
    for batch in range(4):
        reports.add(
            Violation(PAGE, "img-src", f"https://forged-{batch}-{n}.example") for n in range(COUNTED_MAX + 50)
        )
        assert len(reports._counted) == COUNTED_MAX + 1
        await reports.flush()
    reports.add([Violation(PAGE, "img-src", "https://true.example"), Violation(PAGE, "script-src", "inline")])
    await reports.flush()
    assert await pool.fetchval("select count(*) from pages.csp_reports") <= ROWS_MAX + 2
    kept = {
        (row["directive"], row["blocked"]): row["reports"]
        for row in await pool.fetch("select * from pages.csp_reports")
    }
    assert kept["img-src", "https://true.example"] == 2
    assert kept["script-src", OTHER] == 1, "the directive is seen also where the table is full"
    assert sum(kept.values()) == 4 * (COUNTED_MAX + 50) + 3, "no report is lost"


async def test_old_violations_are_deleted(pool: Pool) -> None:
    reports = CspReports(pool)
    reports.add([Violation(PAGE, "img-src", "inline"), Violation(PAGE, "img-src", "eval")])
    await reports.flush()
    await pool.execute(
        "update pages.csp_reports set first_seen_at = now() - $1::interval, last_seen_at = now() - $1::interval"
        " where blocked = 'inline'",
        KEPT_FOR + timedelta(minutes=1),
    )
    await reports.flush()
    assert [one.blocked for one in await reports.list(limit=10)] == ["eval"]


class PoolThatIsAway:
    async def execute(self, *_: object) -> str:
        raise ConnectionError("away")


async def test_counts_outlive_a_database_that_is_away(pool: Pool) -> None:
    reports = CspReports(pool)
    reports.add([Violation(PAGE, "img-src", "inline")])
    reports._pool = cast("Pool", PoolThatIsAway())
    with pytest.raises(ConnectionError):
        await reports.flush()
    reports._pool = pool
    reports.add([Violation(PAGE, "img-src", "inline")])
    await reports.flush()
    assert [one.reports for one in await reports.list(limit=10)] == [2]
