"""What is hashed of the ledger, and how. Pure, and written down byte for byte so that an auditor can do it again.

An entry is one JSON array, UTF-8, without spaces: integers in decimal, times as whole microseconds since 1970 in UTC,
ids and dates as text, what is absent as null. Its postings follow in it, by leg, with the names of their accounts.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

GENESIS: Final = sha256(b"fincore ledger").digest()
"""What the first entry and the first day are chained to."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ENCODER: Final = msgspec.json.Encoder()


class SealedPosting(NamedTuple):
    """A posting as it is hashed."""

    leg: int
    account: str | None
    side: str
    amount_minor: int
    currency: str
    balance_after_minor: int
    account_version: int


class SealedEntry(NamedTuple):
    """An entry as it is hashed; its number is its place in the chain."""

    event_id: UUID
    livemode: bool
    kind: str
    stream_id: UUID | None
    effective_at: datetime
    booked_at: datetime
    description: str
    source: str
    reason: str | None
    booked_by: str | None
    clears_entry_id: int | None
    late_for: date | None


class Manifest(NamedTuple):
    """A day of bookings in one line. `sums`: what was debited per mode and currency, as JSON text."""

    day: date
    first_entry_id: int
    last_entry_id: int
    entries: int
    postings: int
    sums: str
    root_hash: bytes
    previous_hash: bytes


def content_hash(entry: SealedEntry, postings: Sequence[SealedPosting]) -> bytes:
    """SHA-256 of an entry with its postings."""
    return sha256(
        _ENCODER.encode(
            (
                entry.event_id,
                entry.livemode,
                entry.kind,
                entry.stream_id,
                _microseconds(entry.effective_at),
                _microseconds(entry.booked_at),
                *entry[6:],
                postings,
            )
        )
    ).digest()


def chain_hash(previous: bytes, content: bytes) -> bytes:
    """The next link of the chain: SHA-256 of the 32 bytes of the link before and the 32 of the content."""
    return sha256(previous + content).digest()


def sums_text(debits: Mapping[tuple[bool, str], int]) -> str:
    """What was debited per mode and currency, as a manifest says it: by mode, then currency."""
    rows = sorted(
        ("live" if livemode else "test", currency, minor) for (livemode, currency), minor in debits.items()
    )
    return _ENCODER.encode(rows).decode()


def manifest_hash(manifest: Manifest) -> bytes:
    """SHA-256 of a manifest as a JSON array, its hashes in hexadecimal."""
    return sha256(
        _ENCODER.encode(
            (
                manifest.day,
                *manifest[1:6],
                manifest.root_hash.hex(),
                manifest.previous_hash.hex(),
            )
        )
    ).digest()


def _microseconds(moment: datetime) -> int:
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
