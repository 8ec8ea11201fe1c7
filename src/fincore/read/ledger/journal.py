"""The journal: which event moves money between which accounts. Pure, and a table one can print.

It records, it does not authorize: what happened is booked, and what makes no sense goes to suspense.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, NamedTuple, assert_never

from fincore.domain.currency import Currency
from fincore.domain.events import (
    ChargeActionRequired,
    ChargeAuthorized,
    ChargeCanceled,
    ChargeCaptured,
    ChargeCreated,
    ChargeEvent,
    ChargeFailed,
    ChargeOutcomeUnknown,
    EventType,
)
from fincore.domain.ids import MerchantId
from fincore.domain.outcome import PspName, PspReference
from fincore.read.ledger.accounts import (
    Account,
    MerchantPayable,
    PspClearing,
    Side,
    Suspense,
    account_name,
)


class Leg(NamedTuple):
    """One side of an entry; `amount_minor` is always positive."""

    side: Side
    account: Account
    amount_minor: int


class Entry(NamedTuple):
    """What one event did to the books: legs whose debits and credits have equal sums in each currency."""

    kind: str
    livemode: bool
    effective_at: datetime
    description: str
    legs: tuple[Leg, ...]


Rule = tuple[tuple[Side, Callable[[ChargeCaptured], Account]], ...]
"""The legs of an entry, each for the whole amount of the event."""


def _clearing(event: ChargeCaptured) -> Account:
    return PspClearing(event.psp, event.currency)


def _payable(event: ChargeCaptured) -> Account:
    return MerchantPayable(event.merchant_id, event.currency)


def _suspense(event: ChargeCaptured) -> Account:
    return Suspense(event.currency)


_CAPTURED: Final[Rule] = (("debit", _clearing), ("credit", _payable))
_CAPTURED_NEGATIVE: Final[Rule] = (("debit", _suspense), ("credit", _clearing))

JOURNAL: Final[Mapping[EventType, Rule]] = MappingProxyType(
    {
        "charge.created": (),
        "charge.authorized": (),
        "charge.captured": _CAPTURED,
        "charge.failed": (),
        "charge.action_required": (),
        "charge.outcome_unknown": (),
        "charge.canceled": (),
    }
)
"""Event -> legs; an event without legs moves no money."""


def entry_of(event: ChargeEvent) -> Entry | None:
    """The entry that books an event; None where no money moved."""
    match event:
        case ChargeCaptured():
            if event.amount_minor == 0:
                return None
            # A PSP that reports a negative capture took money from us: nobody owes it, so a person must look.
            rule = JOURNAL["charge.captured"] if event.amount_minor > 0 else _CAPTURED_NEGATIVE
            return _entry("charge.captured", event, rule)
        case (
            ChargeCreated()
            | ChargeAuthorized()
            | ChargeFailed()
            | ChargeActionRequired()
            | ChargeOutcomeUnknown()
            | ChargeCanceled()
        ):
            return None
        case _:
            assert_never(event)


def journal_table() -> str:
    """The journal as text, one line a leg, for the docs and the terminal."""
    lines: list[tuple[str, str, str]] = []
    for name, rule in JOURNAL.items():
        if not rule:
            lines.append((name, "-", "moves no money"))
        for row, (side, account) in enumerate(rule):
            lines.append(
                ("" if row else name, "Dr" if side == "debit" else "Cr", account_name(account(_ANY)))
            )
    width = max(len(name) for name, _, _ in lines)
    return "\n".join(f"{name.ljust(width)}  {side:2}  {what}" for name, side, what in lines)


def _entry(kind: EventType, event: ChargeCaptured, rule: Rule) -> Entry:
    return Entry(
        kind=kind,
        livemode=event.livemode,
        effective_at=event.occurred_at,
        description=f"{event.psp} {event.psp_reference}",
        legs=tuple(Leg(side, account(event), abs(event.amount_minor)) for side, account in rule),
    )


_ANY: Final = ChargeCaptured(
    merchant_id=MerchantId("{merchant}"),
    livemode=False,
    psp=PspName("{psp}"),
    psp_reference=PspReference(""),
    amount_minor=1,
    currency=Currency("{currency}"),
    occurred_at=datetime(1970, 1, 1, tzinfo=UTC),
)
"""An event whose fields are placeholders, to print the rules with."""
