"""A PSP's fee as events carry it: two fields, `fee_minor` and `fee_currency`. Pure."""

from typing import Protocol, TypedDict

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import PspReference


class ReturnedFee(msgspec.Struct, frozen=True):
    """A part of a PSP's fee that it gave back by itself, and what it calls that."""

    psp_reference: PspReference
    fee: Money


class FeeFields(TypedDict):
    """The two fields; a fee that the PSP did not tell is 0 without a currency."""

    fee_minor: int
    fee_currency: Currency | None


class _HasFee(Protocol):
    @property
    def fee_minor(self) -> int: ...
    @property
    def fee_currency(self) -> Currency | None: ...


def fee_fields(fee: Money | None) -> FeeFields:
    """The fields of an event for a fee."""
    if fee is None:
        return {"fee_minor": 0, "fee_currency": None}
    return {"fee_minor": fee.amount_minor, "fee_currency": fee.currency}


def fee_of(event: _HasFee) -> Money | None:
    """The fee that an event tells; None where the PSP has not told it."""
    return None if event.fee_currency is None else Money(event.fee_minor, event.fee_currency)
