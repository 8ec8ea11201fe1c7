"""A log with a past, written straight into the table: the events the product would have written, only faster."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from fincore.domain.currency import Currency
from fincore.domain.events import CHARGE_EVENTS, ChargeCaptured, ChargeCreated, ChargeEvent
from fincore.domain.ids import MerchantId, new_merchant_id
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payment_method import CardToken
from fincore.domain.risk import CustomerContext

CHARGES_PROCESSING: Final = 200
"""How many charges are at the PSP at a time: between a charge's two events lie about as many events of others."""
ROWS_PER_COPY: Final = 10_000
TICK_SECONDS: Final = 0.05

_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_PSP: Final = PspName("stripe")
_COLUMNS: Final = ("stream_id", "version", "event_id", "type", "schema_version", "data", "metadata")

Row = tuple[object, ...]


async def write_history(
    dsn: str,
    *,
    charges: int,
    merchants: int,
    is_captured: bool = True,
    seconds_apart: float = 0.001,
    customers: int = 0,
) -> int:
    """Append the two events of each charge, created and captured, spread over merchants; return how many events.

    Charges that are not captured are at the PSP for good: no job of theirs is queued. `customers`: of how many customers the charges
    are, each with an address, a device and an IP address; unless given, none is named.
    """
    owners = [new_merchant_id() for _ in range(merchants)]
    past = _Past(owners, seconds_apart, customers)
    connection = await asyncpg.connect(dsn)
    rows: list[Row] = []
    written = 0
    try:
        for row in _rows(charges, past, is_captured=is_captured):
            rows.append(row)
            if len(rows) == ROWS_PER_COPY:
                written += await _copy(connection, rows)
        written += await _copy(connection, rows)
        await connection.execute("vacuum analyze eventstore.events")
    finally:
        await connection.close()
    return written


async def write_history_by_the_clock(
    dsn: str, *, charges: int, owner: MerchantId, events_per_second: float
) -> int:
    """Append the events of one merchant's charges at a rate, a transaction every `TICK_SECONDS`; return how many."""
    owned = _rows(charges, _Past([owner]), is_captured=True)
    connection = await asyncpg.connect(dsn)
    began, written = time.monotonic(), 0
    try:
        while rows := list(islice(owned, max(1, round(events_per_second * TICK_SECONDS)))):
            await asyncio.sleep(began + written / events_per_second - time.monotonic())
            written += await _copy(connection, rows)
    finally:
        await connection.close()
    return written


async def _copy(connection: "asyncpg.Connection[asyncpg.Record]", rows: list[Row]) -> int:
    await connection.copy_records_to_table("events", schema_name="eventstore", columns=_COLUMNS, records=rows)
    count = len(rows)
    rows.clear()
    return count


class _Past(NamedTuple):
    """Which charges there are: of merchants in turns, at intervals, and of so many customers."""

    owners: Sequence[MerchantId]
    seconds_apart: float = 0.001
    customers: int = 0

    def owner(self, number: int) -> MerchantId:
        return self.owners[number % len(self.owners)]

    def at(self, number: int) -> datetime:
        return _BEGAN + timedelta(seconds=number * self.seconds_apart)

    def customer(self, number: int) -> CustomerContext | None:
        if not self.customers:
            return None
        one = number * 7 % self.customers
        address = f"203.0.{one // 250 % 250}.{one % 250}"
        return CustomerContext(
            id=f"customer-{one}", email=f"ada-{one}@example.com", ip=address, device_id=f"device-{one}"
        )


def _rows(charges: int, past: _Past, *, is_captured: bool) -> Iterator[Row]:
    processing: deque[tuple[UUID, int]] = deque()
    for number in range(charges):
        stream_id = uuid7()
        yield _row(stream_id, 1, _created(number, past))
        if not is_captured:
            continue
        processing.append((stream_id, number))
        if len(processing) > CHARGES_PROCESSING:
            yield _captured_row(*processing.popleft(), past)
    while processing:
        yield _captured_row(*processing.popleft(), past)


def _captured_row(stream_id: UUID, number: int, past: _Past) -> Row:
    return _row(stream_id, 2, _captured(number, past))


def _row(stream_id: UUID, version: int, event: ChargeEvent) -> Row:
    name, schema_version, data = CHARGE_EVENTS.encode(event)
    metadata = '{"correlation":"req_01jd2mjx5pfzq9t3v3x2m7e8qk","actor":"bench"}'
    return stream_id, version, uuid7(), name, schema_version, data.decode(), metadata


def _created(number: int, past: _Past) -> ChargeCreated:
    return ChargeCreated(
        merchant_id=past.owner(number),
        livemode=False,
        amount_minor=1_000 + number % 9_000,
        currency=Currency("usd"),
        capture_method="automatic",
        payment_method=CardToken("pm_card_visa"),
        psp=_PSP,
        psp_account=PspAccount("test"),
        created_at=past.at(number),
        description="An order",
        customer_email=None if past.customers else "ada@example.com",
        customer=past.customer(number),
        metadata={"order_id": str(number)},
    )


def _captured(number: int, past: _Past) -> ChargeCaptured:
    return ChargeCaptured(
        merchant_id=past.owner(number),
        livemode=False,
        psp=_PSP,
        psp_account=PspAccount("test"),
        psp_reference=PspReference(f"pi_{number:024d}"),
        amount_minor=1_000 + number % 9_000,
        currency=Currency("usd"),
        occurred_at=past.at(number) + timedelta(milliseconds=120),
    )
