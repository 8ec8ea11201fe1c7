"""What the ledger has of some charges, refunds or disputes, so that a list of them can be compared with it."""

from collections.abc import Sequence
from typing import NamedTuple

from fincore.domain.currency import Currency
from fincore.domain.ids import RefundId, StreamId
from fincore.domain.outcome import PspReference
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.read.ledgerdb", "export_sums.sql")

STATEMENT_SECONDS_MAX = 60.0


class ChargeSum(NamedTuple):
    """In one currency: what was taken, and what went back by refunds."""

    currency: Currency
    captured_minor: int
    refunded_minor: int


class RefundSum(NamedTuple):
    """In one currency: what went back."""

    currency: Currency
    refunded_minor: int


class DisputeSum(NamedTuple):
    """In one currency: what PSPs took and did not give back, and what they put aside and did not release."""

    currency: Currency
    withdrawn_minor: int
    held_minor: int


async def charge_sums(ledgerdb: Pool, streams: Sequence[StreamId]) -> list[ChargeSum]:
    """What the ledger booked for merchants of some charges."""
    rows = await ledgerdb.fetch(_SQL.charge_sums, streams, timeout=STATEMENT_SECONDS_MAX)
    return [ChargeSum(currency, int(captured), int(refunded)) for currency, captured, refunded in rows]


async def dispute_sums(ledgerdb: Pool, disputes: Sequence[tuple[StreamId, PspReference]]) -> list[DisputeSum]:
    """What the ledger booked for some disputes, each known by its charge and by its id at the PSP."""
    streams = [stream_id for stream_id, _ in disputes]
    references = [reference for _, reference in disputes]
    rows = await ledgerdb.fetch(_SQL.dispute_sums, streams, references, timeout=STATEMENT_SECONDS_MAX)
    return [DisputeSum(currency, int(withdrawn), int(held)) for currency, withdrawn, held in rows]


async def refund_sums(ledgerdb: Pool, refunds: Sequence[RefundId]) -> list[RefundSum]:
    """What the ledger booked for some refunds."""
    rows = await ledgerdb.fetch(_SQL.refund_sums, refunds, timeout=STATEMENT_SECONDS_MAX)
    return [RefundSum(currency, int(refunded)) for currency, refunded in rows]
