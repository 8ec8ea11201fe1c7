"""Invariant: an idempotency key leads to a charge that exists, and its stored response is about that charge."""

from collections.abc import Sequence
from typing import Final

import asyncpg
import msgspec

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, scan
from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId, StreamId, parse_charge_id, stream_of
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")


class _Response(msgspec.Struct):
    id: str | None = None


async def _check(stores: Stores) -> list[Violation]:
    async def judge(keys: Sequence[asyncpg.Record]) -> list[Violation]:
        streams = [_stream_in(row["location"]) for row in keys]
        rows = await stores.eventstore.fetch(_SQL.existing_streams, [stream for stream in streams if stream])
        existing = {row["stream_id"] for row in rows}
        return [
            Violation(_place(row), finding)
            for row, stream in zip(keys, streams, strict=True)
            if (finding := _finding(row, stream, exists=stream in existing))
        ]

    return await scan(stores.eventstore, _SQL.answered_with_charge, judge=judge)


def _finding(row: asyncpg.Record, stream: StreamId | None, *, exists: bool) -> str | None:
    if stream is None or not exists:
        return f"leads to {row['location']}, which does not exist"
    answered = _charge_in(row["response_body"])
    if answered is not None and stream_of(answered) != stream:
        return f"leads to {row['location']}, but its stored response is about {answered}"
    return None


def _place(row: asyncpg.Record) -> str:
    return f"key {row['key']} of {row['merchant_id']} ({'live' if row['livemode'] else 'test'})"


def _stream_in(location: str) -> StreamId | None:
    """The stream of the charge that a location names, also where it goes on below the charge."""
    name = next(part for part in location.split("/") if part.startswith("ch_"))
    try:
        return stream_of(ChargeId(name))
    except InvalidId:
        return None


def _charge_in(body: bytes) -> ChargeId | None:
    """The charge that a response is about; None where it is not a charge (a problem, for one)."""
    try:
        return parse_charge_id(msgspec.json.decode(body, type=_Response).id or "")
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidId):
        return None


SAME_KEY_SAME_CHARGE: Final = Invariant(
    "same_key_same_charge",
    "Every idempotency key that was answered with a charge leads to that charge, and the charge exists.",
    _check,
)
"""If it fails, a repeated request gets an answer about a charge that is not its own: a merchant may charge twice."""
