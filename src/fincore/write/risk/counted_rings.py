"""What a counter of attempts holds, for stores that cannot calculate by themselves, and how it is written as bytes. Pure.

PostgreSQL counts by the same rules in functions of its own (`schema/0001.counters.sql`).
"""

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from fincore.write.risk.rings import BUCKETS_PER_WINDOW, DISTINCT_CARDS_MAX

TOTAL_MAX: Final = 4_000_000_000_000_000_000
"""A counter beyond it counts no further: no rule asks for more, and its buckets have 64 bits."""

_NEWEST: Final = struct.Struct(">q")
_BUCKET: Final = struct.Struct(">BQ")
_CARD: Final = struct.Struct(">Bq")


class Amount(NamedTuple):
    """How much happened in a bucket, a 60th of the counter's window, numbered from 1970."""

    bucket: int
    amount: int


class SeenCard(NamedTuple):
    """A card, as `card_number_of` writes it, and the bucket in which it was seen last."""

    card: int
    bucket: int


Ring = tuple[Amount, ...]
"""The buckets of one counter in which something happened, oldest first, none of them more than 60 before the newest."""

CardSet = tuple[SeenCard, ...]
"""Different cards, those seen longest ago first, none of them more than 60 buckets before the last."""


def total_of(ring: Ring) -> int:
    """How much happened in the window, and in the oldest bucket that it touches."""
    return sum(amount for _, amount in ring)


def ring_with(ring: Ring, bucket: int, amount: int) -> Ring:
    """A ring once an amount has been added in a bucket, or time alone has come to it, for the amount 0.

    What comes in a bucket before the newest counts in the newest. After a clock that was set back by more than the window
    everything counts as of now.
    """
    if ring and ring[-1].bucket > bucket + BUCKETS_PER_WINDOW:
        ring = (Amount(bucket, total_of(ring)),)
    newest = max(bucket, ring[-1].bucket) if ring else bucket
    kept = tuple(one for one in ring if one.bucket >= newest - BUCKETS_PER_WINDOW)
    if not amount or total_of(kept) > TOTAL_MAX:
        return kept
    if kept and kept[-1].bucket == newest:
        return (*kept[:-1], Amount(newest, kept[-1].amount + amount))
    return (*kept, Amount(newest, amount))


def cards_with(cards: CardSet, bucket: int, card: int | None) -> CardSet:
    """The cards once one more has been seen in a bucket, or time alone has come to it; those over the bound left out first."""
    newest = max(bucket, cards[-1].bucket) if cards else bucket
    if newest > bucket + BUCKETS_PER_WINDOW:
        newest = bucket
    kept = [
        SeenCard(one.card, min(one.bucket, newest))
        for one in cards
        if one.bucket >= newest - BUCKETS_PER_WINDOW and one.card != card
    ]
    if card is not None:
        kept.append(SeenCard(card, newest))
    return tuple(kept[-DISTINCT_CARDS_MAX:])


def bytes_of_ring(ring: Ring) -> bytes:
    """A ring as its newest bucket, then each with how long before that it was, oldest first; 557 bytes at most."""
    return _written(_BUCKET, [(bucket, amount) for bucket, amount in ring])


def ring_of_bytes(written: bytes) -> Ring:
    """The ring that was written."""
    return tuple(Amount(bucket, amount) for bucket, amount in _read(_BUCKET, written))


def bytes_of_cards(cards: CardSet) -> bytes:
    """Cards alike; 2,258 bytes at most."""
    return _written(_CARD, [(bucket, card) for card, bucket in cards])


def cards_of_bytes(written: bytes) -> CardSet:
    """The cards that were written."""
    return tuple(SeenCard(card, bucket) for bucket, card in _read(_CARD, written))


def _written(form: struct.Struct, pairs: Sequence[tuple[int, int]]) -> bytes:
    if not pairs:
        return b""
    newest = pairs[-1][0]
    return _NEWEST.pack(newest) + b"".join(form.pack(newest - bucket, number) for bucket, number in pairs)


def _read(form: struct.Struct, written: bytes) -> list[tuple[int, int]]:
    if not written:
        return []
    (newest,) = _NEWEST.unpack_from(written)
    return [(newest - age, number) for age, number in form.iter_unpack(written[_NEWEST.size :])]
