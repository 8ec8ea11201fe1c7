"""The port of the risk store: counters of attempts and outcomes, and the lists of staff, read together for one charge. Pure."""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple, NewType, Protocol

import msgspec

from fincore.domain.ids import MerchantId
from fincore.domain.money import Money

Measure = Literal[
    "attempts",
    "declines",
    "captures",
    "attempted_minor",
    "captured_minor",
    "distinct_cards",
    "disputes",
    "fraud_disputes",
    "fraud_warnings",
]
"""What is counted. Those in `_minor` are sums, of charges in the currency of the charge that asks only."""

Key = Literal["ip", "email", "email_domain", "customer", "device", "card", "bin", "merchant"]
"""By what it is counted. `card` is the token of a card, and its fingerprint where that is known."""

Window = Literal["1m", "10m", "1h", "24h", "7d"]
"""Over which time up to now."""

ListName = NewType("ListName", str)
"""The name of a list of staff."""

ListKind = Literal["email", "email_domain", "ip", "card_fingerprint", "bin", "country", "customer", "device"]
"""What the entries of a list are."""


class Counter(NamedTuple):
    """One number: a measure by a key over a window."""

    measure: Measure
    key: Key
    window: Window


class Membership(NamedTuple):
    """The question whether a list holds a value; the value is a fact of the charge, of the kind that the list holds."""

    list: ListName
    kind: ListKind
    value: str


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to pay. `values` are the keys that are known of it; counters by any other key are neither written nor read.

    `dedupe` is 16 bytes that the same request always has, and no other one: the attempt counts once. `card` is what
    `distinct_cards` tells cards apart by. Where it is None, counters of `distinct_cards` are neither written nor read: how
    many cards there are with this one is unknown.

    `fingerprint` is that of the card, where it is known: by `card` the attempt is counted by it too, and the higher count is read.
    It may become known between two requests, so it does not tell attempts apart.
    """

    merchant_id: MerchantId
    livemode: bool
    dedupe: bytes
    money: Money
    values: Mapping[Key, str]
    card: str | None = None
    fingerprint: str | None = None

    def values_of(self, key: Key) -> tuple[str, ...]:
        """By what the attempt is counted under a key; empty where that is unknown."""
        value = self.values.get(key)
        if key == "card" and self.fingerprint and self.fingerprint != value:
            return (value, self.fingerprint) if value else (self.fingerprint,)
        return (value,) if value else ()


class Readings(msgspec.Struct, frozen=True, kw_only=True):
    """What the store said: each counter with this attempt in it, and those of the asked memberships that hold.

    A counter of attempts is never lower than what happened in its window, and counts the window's oldest 60th whole.
    `declines`, `captures`, `captured_minor`, `disputes`, `fraud_disputes` and `fraud_warnings` are as of the position that the store's
    consumer of the log has reached, and left out where it does not count them yet: an outcome that is not counted is unknown, not 0.
    """

    counts: Mapping[Counter, int]
    members: frozenset[Membership] = frozenset()


class RiskStore(Protocol):
    """Counters are per merchant and mode, and their time is the store's own."""

    async def observe(
        self, observation: Observation, counters: Collection[Counter], memberships: Collection[Membership]
    ) -> Readings:
        """Count an attempt in those of the counters that count attempts, once per `dedupe`, and read all of them.

        Raises `StoreUnavailable` and `Overloaded`: then nothing is known, and the attempt may have been counted.
        """
        ...
