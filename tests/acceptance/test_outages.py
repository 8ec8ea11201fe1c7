"""What PostgreSQL and the load can do to FinCore: each is survived, by errors that are documented and say when to repeat.

docs/guides/operate.md lists these faults, each with its test; PSPs are in test_psp_failures.py, killed processes in
test_crashes.py and test_failpoints.py.
"""

import asyncio
import contextlib
import re
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import psycopg
import pytest
from harness.installation import PATIENCE_SECONDS, Merchant

from fincore.audit.invariants import check_all
from fincore.bootstrap.operator_stores import operator_stores
from fincore.postgres.pool import POOL_SIZE_MAX
from fixtures.agreement import assert_all_agree
from fixtures.forgetful_postgres import ForgetfulPostgres, forgetful_postgres
from fixtures.shop import Charge, Reply, Shop, events_of
from fixtures.system import System

pytestmark = pytest.mark.timeout(600)

AMOUNT_MINOR: Final = 1_000
PART_MINOR: Final = 400
SALES: Final = 40
SALE_INTERVAL_SECONDS: Final = 0.03
APIS: Final = 3
CONSUMERS: Final = ("projectionist", "ledger", "notify", "risk")
SHARE_OF_ONE_MERCHANT: Final = 500
"""Places of a process that one merchant's test mode may take."""
REQUESTS_TOO_MANY: Final = 200
LET_IN: Final = 10
REFUSED_BYTES_MAX: Final = 32 * 1024 * 1024
"""How much a process may grow while it turns requests away."""
POLL_SECONDS: Final = 0.05

TERMINATE: Final = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid()
"""


class Sales:
    """A shop that sells, and gives a part back, through all failures.

    Each request is repeated under its key until it is accepted. Each answer before that must be a documented problem
    that says when to come back.
    """

    def __init__(self, shop: Shop) -> None:
        self.sold: list[str] = []
        self.problems: Counter[str] = Counter()
        self._shop = shop

    async def run(self) -> None:
        """Make all sales, one beginning shortly after the other."""
        async with asyncio.TaskGroup() as sales:
            for number in range(SALES):
                sales.create_task(self._sell(1 + number % APIS))
                await asyncio.sleep(SALE_INTERVAL_SECONDS)

    async def until_sold(self, count: int) -> None:
        """Return once so many sales were accepted."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.sold) < count:
                await asyncio.sleep(POLL_SECONDS)

    async def until_refused(self) -> None:
        """Return once a request was refused with Retry-After."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.problems:
                await asyncio.sleep(POLL_SECONDS)

    async def _sell(self, api: int) -> None:
        key = str(uuid4())
        charge = await self._insist(
            lambda: self._shop.post_charge(api=api, key=key, amount_minor=AMOUNT_MINOR)
        )
        self.sold.append(charge["id"])
        path = f"/v1/charges/{charge['id']}"
        while charge["status"] == "processing":
            await asyncio.sleep(POLL_SECONDS)
            charge = await self._insist(lambda: self._shop.request("GET", path, api=api))
        await self._insist(
            lambda: self._shop.refund(charge["id"], api=api, key=f"{key}-back", amount_minor=PART_MINOR)
        )

    async def _insist(self, send: Callable[[], Awaitable[Reply]]) -> Any:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (reply := await send()).status >= 300:
                assert_asks_to_come_back(reply)
                self.problems[reply.json["code"]] += 1
                await asyncio.sleep(POLL_SECONDS)
        return reply.json


def assert_asks_to_come_back(reply: Reply) -> None:
    """A problem that is not the client's: documented, safe to repeat, with Retry-After."""
    assert (reply.status, reply.json["code"]) in {
        (429, "rate_limited"),
        (503, "store_unavailable"),
        (503, "overloaded"),
    }, reply
    assert reply.json["retryable"] is True
    assert int(reply.headers["Retry-After"]) >= 1


@pytest.fixture
async def own_merchant(system: System) -> Merchant:
    """A merchant of the test's own."""
    return await system.add_merchant()


@pytest.fixture
async def shop(system: System, own_merchant: Merchant) -> AsyncIterator[Shop]:
    """Its back end."""
    async with Shop(system, own_merchant.api_key) as shop:
        yield shop


async def assert_carried_out_once(system: System, shop: Shop, merchant: Merchant, sales: Sales) -> None:
    """Every sale and its refund were carried out, once, and no others; no process ended; the invariants hold."""
    assert [name for name in system.programs if not system.is_running(name)] == []
    await asyncio.to_thread(system.until_idle)
    charges = await assert_all_agree(system, shop, merchant)
    assert sorted(charges) == sorted(sales.sold)
    assert len(charges) == SALES
    ends = {
        (one["status"], one["amount_captured_minor"], one["amount_refunded_minor"])
        for one in charges.values()
    }
    assert ends == {("succeeded", AMOUNT_MINOR, PART_MINOR)}
    assert {len(charge["refunds"]) for charge in charges.values()} == {1}
    await assert_invariants_hold(system)
    print(f"{SALES} sales; meanwhile: {dict(sales.problems)}")  # noqa: T201 -- shown with -s


async def assert_invariants_hold(system: System) -> None:
    """No job waits for a person, and every invariant holds."""
    held = system.rows(
        "select entrypoint, headers ->> 'held_reason' from queue.pgqueuer where status = 'failed'"
    )
    assert held == []
    async with operator_stores(system.databases) as stores:
        assert [one.sentence for one in await check_all(stores) if not one.holds] == []


# The database


async def test_long_write_transaction_delays_log_consumers_only(
    system: System, shop: Shop, own_merchant: Merchant
) -> None:
    """Charging and reading a charge go on; lists, the ledger and webhooks wait."""
    with psycopg.connect(system.dsn) as somebody:
        somebody.execute("select pg_current_xact_id()")
        paid = await asyncio.gather(*(shop.paid(amount_minor=AMOUNT_MINOR) for _ in range(3)))
        refund = await shop.refund(paid[0]["id"], amount_minor=PART_MINOR)
        assert refund.status == 201
        for consumer in CONSUMERS:
            system.until(f"the lag of {consumer} is shown", lambda: lag_seconds(system, consumer) > 1)  # noqa: B023 -- called in this round
        # What is read from the log is as new as ever; lists stand still.
        assert (await shop.get(paid[0]["id"]))["status"] == "succeeded"
        assert await shop.all_charges() == []
        somebody.rollback()
    await asyncio.to_thread(system.until_idle)
    assert len(await assert_all_agree(system, shop, own_merchant)) == 3
    for consumer in CONSUMERS:
        system.until(f"{consumer} has no lag any more", lambda: lag_seconds(system, consumer) == 0)  # noqa: B023 -- called in this round


async def test_postgresql_restart_under_load_loses_and_doubles_nothing(
    system: System, shop: Shop, own_merchant: Merchant
) -> None:
    sales = Sales(shop)
    async with asyncio.TaskGroup() as meanwhile:
        meanwhile.create_task(sales.run())
        await sales.until_sold(5)
        system.stop_postgres_at_once()
        await sales.until_refused()
        await asyncio.to_thread(system.start_postgres)
    assert sales.problems.keys() == {"store_unavailable"}
    await assert_carried_out_once(system, shop, own_merchant, sales)


async def test_sessions_ended_under_load_lose_and_double_nothing(
    system: System, shop: Shop, own_merchant: Merchant
) -> None:
    sales = Sales(shop)
    async with asyncio.TaskGroup() as meanwhile:
        meanwhile.create_task(sales.run())
        for sold in (3, 9, 15, 21, 27):
            await sales.until_sold(sold)
            # A process that has just lost its sessions opens others before it sells more.
            await asyncio.to_thread(
                system.until, "sessions are ended", lambda: system.rows(TERMINATE) != [(0,)]
            )
    await assert_carried_out_once(system, shop, own_merchant, sales)


async def test_unacknowledged_commits_are_not_repeated(
    system: System, shop: Shop, own_merchant: Merchant
) -> None:
    async with forgetful("api", system) as before_api, forgetful("worker", system) as before_worker:

        async def losing(send: Callable[[], Awaitable[Reply]]) -> Reply:
            """The reply to a request, with unacknowledged commits by the API and by the worker after it."""
            lost = (before_api.lost + 1, before_worker.lost + 1)
            before_api.lose_next()
            before_worker.lose_next()
            reply = await send()
            await asyncio.to_thread(system.until_idle)
            assert (before_api.lost, before_worker.lost) == lost
            return reply

        paid = await losing(lambda: shop.post_charge(amount_minor=AMOUNT_MINOR))
        held = await losing(lambda: shop.post_charge(amount_minor=AMOUNT_MINOR, capture=False))
        captured = await losing(lambda: shop.capture(held.json["id"], amount_minor=PART_MINOR))
        refunded = await losing(lambda: shop.refund(paid.json["id"], amount_minor=PART_MINOR))
        # The client never learns of it: who wrote recognises its own events.
        assert [reply.status for reply in (paid, held, captured, refunded)] == [201, 201, 200, 201]
    charges = await assert_all_agree(system, shop, own_merchant)
    happened = {charge_id: without_fees(charge) for charge_id, charge in charges.items()}
    assert happened == {
        paid.json["id"]: ["charge.created", "charge.captured", "refund.requested", "refund.succeeded"],
        held.json["id"]: [
            "charge.created",
            "charge.authorized",
            "charge.capture_requested",
            "charge.captured",
        ],
    }
    await assert_invariants_hold(system)


# Too much at once


async def test_requests_without_free_connection_get_retry_after(system: System, shop: Shop) -> None:
    """They wait for a connection first; after a bound they get 503."""
    paid = await shop.paid()
    await asyncio.to_thread(system.until_idle)
    with psycopg.connect(system.dsn) as somebody:
        somebody.execute("lock table paymentdb.charges in access exclusive mode")
        listing = [asyncio.create_task(shop.request("GET", "/v1/charges")) for _ in range(2 * POOL_SIZE_MAX)]
        for number, coming in enumerate(asyncio.as_completed(listing), start=1):
            assert_asks_to_come_back(await coming)
            if number == POOL_SIZE_MAX:
                break
        # Nothing but the log is needed to charge.
        assert (await shop.post_charge()).status == 201
    replies = await asyncio.gather(*listing)
    listed = [reply.json["data"] for reply in replies if reply.status == 200]
    assert listed
    assert all(paid["id"] in [charge["id"] for charge in charges] for charges in listed)


async def test_merchant_beyond_its_share_is_turned_away_alone(
    system: System, shop: Shop, own_merchant: Merchant
) -> None:
    async with crowd(system, own_merchant) as waiting:
        process = psutil.Process(system.pid("api"))
        before_bytes = process.memory_info().rss
        replies = await asyncio.gather(*(shop.post_charge() for _ in range(REQUESTS_TOO_MANY)))
        # On a slow machine some of the crowd have given up by now, and freed their places.
        refused = [reply for reply in replies if reply.status != 201]
        assert {(reply.status, reply.json["code"]) for reply in refused} == {(429, "rate_limited")}
        for reply in refused:
            assert_asks_to_come_back(reply)
        assert process.memory_info().rss - before_bytes < REFUSED_BYTES_MAX
        # Another merchant has places, another process has, and this one says that it is alive.
        async with Shop(system, (await system.add_merchant()).api_key) as other:
            assert (await other.post_charge()).status == 201
        assert (await shop.post_charge(api=2)).status == 201
        assert (await shop.request("GET", "/healthz")).status == 200
        # A request that waits is served once the rest of it comes.
        let_in = 0
        while let_in < LET_IN:
            one = next((one for one in reversed(waiting) if not one.status.done()), None)
            one = one or await come(system, own_merchant)
            let_in += await one.finish() == 201
        taken = REQUESTS_TOO_MANY - len(refused) + 1 + LET_IN
    system.until("everybody else has gone", lambda: in_flight(system) == 0)
    assert (await shop.post_charge()).status == 201
    await asyncio.to_thread(system.until_idle)
    charges = await assert_all_agree(system, shop, own_merchant)
    assert {charge["status"] for charge in charges.values()} == {"succeeded"}
    assert len(charges) == taken + 1


class Waiting(NamedTuple):
    """A charge without its last byte. `status`: how it was answered; 0 for a connection that ended."""

    writer: asyncio.StreamWriter
    status: asyncio.Task[int]

    async def finish(self) -> int:
        """Send the last byte; the status of the answer."""
        self.writer.write(b"}")
        return await self.status


async def come(system: System, merchant: Merchant) -> Waiting:
    """Begin a charge, all but its last byte."""
    address = urlsplit(system.api_url())
    body = b'{"amount_minor": 1000, "currency": "usd", "payment_method": "pm_card_visa"'
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        b"POST /v1/charges HTTP/1.1\r\nHost: fincore\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %b\r\nIdempotency-Key: %b\r\nContent-Length: %d\r\n\r\n%b"
        % (merchant.api_key.encode(), uuid4().hex.encode(), len(body) + 1, body)
    )

    async def answered() -> int:
        with contextlib.suppress(OSError):
            status_line = await reader.readline()
            return int(status_line.split()[1]) if status_line else 0
        return 0

    return Waiting(writer, asyncio.create_task(answered()))


@contextlib.asynccontextmanager
async def crowd(system: System, merchant: Merchant) -> AsyncIterator[list[Waiting]]:
    """As many requests as a process works on for one merchant, in the order they came; some that came later were turned away."""
    waiting: list[Waiting] = []
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            # The first may have waited too long for their last byte by the time the last ones come.
            while (room := SHARE_OF_ONE_MERCHANT - in_flight(system)) > 0:
                for _ in range(room):
                    waiting.append(await come(system, merchant))  # noqa: PERF401 -- what came is let go if one cannot
                await asyncio.sleep(POLL_SECONDS)
        yield waiting
    finally:
        for one in waiting:
            one.writer.close()
        await asyncio.gather(*(one.status for one in waiting))
        await asyncio.gather(*(one.writer.wait_closed() for one in waiting), return_exceptions=True)


@contextlib.asynccontextmanager
async def forgetful(name: str, system: System) -> AsyncIterator[ForgetfulPostgres]:
    """A role behind a PostgreSQL that can lose acknowledgements, for the time of the block."""
    async with forgetful_postgres(system.dsn) as postgres:
        await asyncio.to_thread(system.restart, name, {"FINCORE_EVENTSTORE_DSN": postgres.dsn})
        try:
            yield postgres
        finally:
            await asyncio.to_thread(system.restart, name)


def without_fees(charge: Charge) -> list[str]:
    """What happened to a charge. A webhook may be faster than the answer, and the fee is then an event of its own."""
    return [event for event in events_of(charge) if event != "charge.fee_assessed"]


def lag_seconds(system: System, consumer: str) -> float:
    """What a consumer's metrics say about its lag."""
    return metric(system, consumer, f'fincore_consumer_lag_seconds{{consumer="{consumer}"}}')


def in_flight(system: System) -> int:
    """How many requests the first process of the API works on."""
    return int(metric(system, "api", 'fincore_http_requests_in_flight{server="api"}'))


def metric(system: System, role: str, name: str) -> float:
    """A metric of a role as Prometheus reads it."""
    with urllib.request.urlopen(f"{system.ops_url(role)}/metrics", timeout=10) as answer:  # noqa: S310 -- our own processes
        text: str = answer.read().decode()
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found is not None, f"{role} has no {name}"
    return float(found[1])
