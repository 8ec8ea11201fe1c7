"""Which payout a line of a bank names, and whether the line proves that it arrived. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

import msgspec

from fincore.domain.money import Money
from fincore.domain.outcome import PspReference
from fincore.domain.payout import Payout, PayoutAccount, PayoutReport

REFERENCE_CHARACTERS_MIN: Final = 8
"""A shorter reference, such as the number of an entry, may be of anything."""

NameRule = Literal["bank_reference", "payout_reference"]
"""The reference of the bank that the PSP stated for the payout; the payout's own reference at the PSP."""


class NamedPayout(msgspec.Struct, frozen=True):
    """A payout of an account, by the PSP's reference."""

    account: PayoutAccount
    psp_reference: PspReference


def usable_references(about: Iterable[str]) -> tuple[str, ...]:
    """Those references of a line that may name a payout."""
    return tuple(one for one in about if len(one) >= REFERENCE_CHARACTERS_MIN)


def payout_named(
    by_bank_reference: Iterable[NamedPayout], by_payout_reference: Iterable[NamedPayout]
) -> tuple[NamedPayout, NameRule] | None:
    """The only payout that a line names; None where it names none, or several by the better rule that names any."""
    rules: tuple[tuple[NameRule, Iterable[NamedPayout]], ...] = (
        ("bank_reference", by_bank_reference),
        ("payout_reference", by_payout_reference),
    )
    for rule, found in rules:
        named = set(found)
        if named:
            return (named.pop(), rule) if len(named) == 1 else None
    return None


def arrival(
    payout: Payout, stated: Money, *, is_reversal: bool, occurred_at: datetime, now: datetime
) -> PayoutReport | None:
    """The report that a payout on its way has arrived, from a line that names it; None where the line does not prove that.

    A bank tells the day alone, which begins before the payout was made on it; and no day of a file lies in our future.
    """
    if payout.status != "in_transit" or is_reversal or payout.money != stated:
        return None
    return PayoutReport(
        psp_reference=payout.psp_reference,
        money=payout.money,
        status="paid",
        created_at=payout.created_at,
        occurred_at=max(payout.created_at, min(occurred_at, now)),
    )
