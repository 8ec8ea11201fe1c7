"""The journal: which event moves money between which accounts. Pure, and a table one can print.

Every movement stands for itself, gross: a fee is never taken off the amount it is for.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from fincore.domain.adjustment_events import (
    ADJUSTMENT_SHAPES,
    Adjusted,
    AdjustmentEvent,
    AdjustmentEventType,
    AdjustmentKind,
)
from fincore.domain.events import EVENTS, ChargeEvent, EventType
from fincore.domain.settlement_events import (
    PAYMENT_LIKE,
    PAYOUT_SHAPES,
    SETTLEMENT_FILE_SHAPES,
    SettlementEvent,
    SettlementEventType,
    SettlementKind,
)
from fincore.read.ledger.accounts import CHART, AccountCode
from fincore.read.ledgerdb.legs import Purpose

MoneyEvent = ChargeEvent | SettlementEvent | AdjustmentEvent
"""An event that may move money: those of checkout sessions never do."""
MoneyEventType = EventType | SettlementEventType | AdjustmentEventType

SHAPES: Final[Mapping[MoneyEventType, type[MoneyEvent]]] = MappingProxyType(
    {
        **{name: shape for name, (_, shape) in EVENTS.items()},
        **{name: shape for name, (_, shape) in PAYOUT_SHAPES.items()},
        **{name: shape for name, (_, shape) in SETTLEMENT_FILE_SHAPES.items()},
        **{name: shape for name, (_, shape) in ADJUSTMENT_SHAPES.items()},
    }
)
"""Every event that the journal knows, by type."""


class Bound(NamedTuple):
    """How much an amount that goes back can be: what the books hold of the charge on accounts of one code.

    `amount` and `held` are the words for the two in the reason of an entry that exceeds it.
    """

    code: AccountCode
    amount: str
    held: str


class Line(NamedTuple):
    """A rule: an amount of the event, and the codes of the accounts it goes to and comes from.

    `minor` and `currency` find the two in the event. A signed amount (`is_signed`) may be negative, and then goes the other way.
    Any other amount may not. `applies` says for which events of the type the rule is; None for all of them.
    """

    purpose: Purpose
    amount: str
    debit: AccountCode
    credit: AccountCode
    minor: Callable[[Any], int]
    currency: Callable[[Any], str | None] = attrgetter("currency")
    bound: Bound | None = None
    is_signed: bool = False
    applies: Callable[[Any], bool] | None = None


def _captured_more(event: Any) -> int:
    minor: int = event.captured_after_minor - event.captured_before_minor
    return minor


def _platform_fee_more(event: Any) -> int:
    minor: int = event.platform_fee_after_minor - event.platform_fee_before_minor
    return minor


def _of_kinds(*kinds: SettlementKind) -> Callable[[Any], bool]:
    return lambda event: event.kind in kinds


def _adjusts_clearing(kind: AdjustmentKind) -> Callable[[Any], bool]:
    return lambda event: event.adjusts == "clearing" and event.kind == kind


def _adjusts(adjusted: Adjusted) -> Callable[[Any], bool]:
    return lambda event: event.adjusts == adjusted


def _was_on_its_way(event: Any) -> bool:
    return not event.was_paid


_CLEARING: Final[AccountCode] = "psp_clearing"
_HELD: Final[AccountCode] = "psp_held"
_BALANCE: Final[AccountCode] = "psp_balance"
_IN_TRANSIT: Final[AccountCode] = "psp_in_transit"
_UNMATCHED: Final[AccountCode] = "psp_unmatched"
_PAYABLE: Final[AccountCode] = "merchant_payable"
_REVERSALS: Final[AccountCode] = "reversals_payable"
_LOSS: Final[AccountCode] = "reversal_fees"
_AMOUNT: Final = attrgetter("amount_minor")
_GROSS: Final = attrgetter("gross_minor")
_FEE: Final = attrgetter("fee_minor")
_IN_FEE_CURRENCY: Final = attrgetter("fee_currency")
_REFUNDABLE: Final = Bound(_PAYABLE, "refund", "captured and not refunded yet")
_FEE_TAKEN: Final = Bound("psp_fees", "fee given back", "the PSP took and has not given back")
_LOSS_TAKEN: Final = _FEE_TAKEN._replace(code=_LOSS)
_TAKEN_BY_MISTAKE: Final = Bound(_REVERSALS, "reversal", "taken by abandoned attempts and not given back yet")
_PUT_ASIDE: Final = Bound(_HELD, "release", "held for disputes")

_TO_MERCHANT: Final = Line("principal", "amount", _CLEARING, _PAYABLE, _AMOUNT)
_PSP_FEE: Final = Line("psp_fee", "fee", "psp_fees", _CLEARING, _FEE, _IN_FEE_CURRENCY)
_REFUND: Final = (
    Line("principal", "amount", _PAYABLE, _CLEARING, _AMOUNT, bound=_REFUNDABLE),
    Line("psp_fee", "fee given back", _CLEARING, "psp_fees", _FEE, _IN_FEE_CURRENCY, _FEE_TAKEN),
)
_PAYOUT: Final = Line("principal", "amount", _IN_TRANSIT, _BALANCE, _AMOUNT, is_signed=True)
_NOT_ARRIVED: Final = _PAYOUT._replace(debit=_BALANCE, credit=_IN_TRANSIT)


def _stated(
    what: str,
    gross_to: AccountCode,
    fee_to: AccountCode,
    applies: Callable[[Any], bool],
) -> tuple[Line, Line]:
    """What lines of a file come to: what the PSP holds for us follows it, gross and fee each against an account."""
    gross = Line(
        "settlement_gross",
        f"gross of {what}",
        _BALANCE,
        gross_to,
        _GROSS,
        is_signed=True,
        applies=applies,
    )
    return gross, gross._replace(
        purpose="settlement_fee", amount=f"fees of {what}", credit=fee_to, minor=_FEE
    )


def _adjusted(kind: AdjustmentKind, amount: str, against: AccountCode) -> tuple[Line, Line]:
    """What a person decided about a difference: clearing follows it, gross and fee each against an account."""
    gross = Line(
        "principal",
        f"gross of {amount}",
        _CLEARING,
        against,
        _GROSS,
        is_signed=True,
        applies=_adjusts_clearing(kind),
    )
    return gross, gross._replace(purpose="psp_fee", amount=f"fee of {amount}", minor=_FEE)


_ADJUSTED: Final = (
    *_adjusted("adjustment", "an adjustment", "adjustments"),
    *_adjusted("write_off", "a write-off", "write_offs"),
    Line(
        "principal",
        "difference of the balance",
        _BALANCE,
        "adjustments",
        _GROSS,
        is_signed=True,
        applies=_adjusts("balance"),
    ),
    Line(
        "principal",
        "opening balance",
        _UNMATCHED,
        "opening",
        _GROSS,
        is_signed=True,
        applies=_adjusts("opening"),
    ),
)

JOURNAL: Final[Mapping[MoneyEventType, tuple[Line, ...]]] = MappingProxyType(
    {
        **dict.fromkeys(SHAPES, ()),
        "charge.captured": (
            _TO_MERCHANT,
            Line("platform_fee", "platform fee", _PAYABLE, "platform_fees", attrgetter("platform_fee_minor")),
            _PSP_FEE,
        ),
        "charge.fee_assessed": (Line("psp_fee", "fee", "psp_fees", _CLEARING, _FEE),),
        "charge.fee_returned": (
            Line("psp_fee", "fee given back", _CLEARING, "psp_fees", _FEE, bound=_FEE_TAKEN),
        ),
        "charge.fee_taken_again": (Line("psp_fee", "fee taken again", "psp_fees", _CLEARING, _FEE),),
        "charge.attempt_fee_assessed": (Line("psp_fee", "fee", _LOSS, _CLEARING, _FEE),),
        "charge.attempt_fee_returned": (
            Line("psp_fee", "fee given back", _CLEARING, _LOSS, _FEE, bound=_LOSS_TAKEN),
        ),
        "charge.corrected": (
            Line("principal", "captured more", _CLEARING, _PAYABLE, _captured_more, is_signed=True),
            Line(
                "platform_fee",
                "platform fee more",
                _PAYABLE,
                "platform_fees",
                _platform_fee_more,
                is_signed=True,
            ),
        ),
        "charge.attempt_captured": (
            Line("principal", "amount", _CLEARING, _REVERSALS, _AMOUNT),
            Line("psp_fee", "fee", _LOSS, _CLEARING, _FEE, _IN_FEE_CURRENCY),
        ),
        "charge.attempt_reversed": (
            Line("principal", "amount", _REVERSALS, _CLEARING, _AMOUNT, bound=_TAKEN_BY_MISTAKE),
            Line("psp_fee", "fee given back", _CLEARING, _LOSS, _FEE, _IN_FEE_CURRENCY, _LOSS_TAKEN),
        ),
        "refund.succeeded": _REFUND,
        "refund.failed": (
            _TO_MERCHANT._replace(applies=attrgetter("was_succeeded")),
            _PSP_FEE._replace(applies=attrgetter("was_succeeded")),
        ),
        "refund.corrected": _REFUND,
        "dispute.funds_withdrawn": (
            Line("principal", "amount", _PAYABLE, _CLEARING, _AMOUNT),
            Line("dispute_fee", "dispute fee", _PAYABLE, _CLEARING, _FEE),
        ),
        "dispute.funds_reinstated": (
            _TO_MERCHANT,
            Line("dispute_fee", "dispute fee", _CLEARING, _PAYABLE, _FEE),
        ),
        "dispute.funds_held": (Line("principal", "amount", _HELD, _CLEARING, _AMOUNT),),
        "dispute.funds_released": (Line("principal", "amount", _CLEARING, _HELD, _AMOUNT, bound=_PUT_ASIDE),),
        "payout.created": (_PAYOUT,),
        "payout.paid": (_PAYOUT._replace(debit="bank", credit=_IN_TRANSIT),),
        "payout.failed": (
            _NOT_ARRIVED._replace(amount="amount that was on its way", applies=_was_on_its_way),
            _PAYOUT._replace(
                amount="amount that was paid",
                debit=_BALANCE,
                credit="bank",
                applies=attrgetter("was_paid"),
            ),
        ),
        "payout.canceled": (_NOT_ARRIVED,),
        "settlement_file.totalled": (
            *_stated("payment lines", _UNMATCHED, _UNMATCHED, _of_kinds(*PAYMENT_LIKE)),
            *_stated("account fees", "account_fees", "account_fees", _of_kinds("account_fee")),
            *_stated("conversions", "fx_position", "fx_expense", _of_kinds("conversion")),
        ),
        "settlement_file.matched": (
            Line("settlement_gross", "gross", _UNMATCHED, _CLEARING, _GROSS, is_signed=True),
            Line("settlement_fee", "fees", _UNMATCHED, _CLEARING, _FEE, is_signed=True),
        ),
        "settlement_file.converted": (
            Line(
                "settlement_gross",
                "gross of payment lines",
                _UNMATCHED,
                "fx_position",
                _GROSS,
                is_signed=True,
                applies=_of_kinds(*PAYMENT_LIKE),
            ),
            Line(
                "settlement_charge_gross",
                "gross in the currency of the charges",
                "fx_position",
                _CLEARING,
                attrgetter("charge_gross_minor"),
                attrgetter("charge_currency"),
                is_signed=True,
                applies=_of_kinds(*PAYMENT_LIKE),
            ),
            Line(
                "settlement_realised",
                "realised difference",
                "fx_position",
                "fx_expense",
                attrgetter("realised_minor"),
                is_signed=True,
            ),
        ),
        "adjustment.booked": _ADJUSTED,
        "adjustment.reversed": _ADJUSTED,
    }
)
"""Event -> the movements it makes; an event without any moves no money."""


def journal_table() -> str:
    """The journal as text, one line a leg, for the docs and the terminal."""
    rows: list[tuple[str, str, str, str]] = []
    for name, lines in JOURNAL.items():
        legs = [
            (side, CHART[code].pattern, line.amount)
            for line in lines
            for side, code in (("Dr", line.debit), ("Cr", line.credit))
        ]
        if not legs:
            rows.append((name, "-", "moves no money", ""))
        rows += [("" if row else name, *leg) for row, leg in enumerate(legs)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip()
        for row in rows
    )
