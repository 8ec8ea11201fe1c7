"""What a charge may do: its states, the transition table, `decide` (command -> events) and `evolve` (event -> charge).

A terminal state is never overwritten: a fact that contradicts one is refused by name, and whoever brought it must
show it to a person.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, assert_never

import msgspec

from fincore.domain.events import (
    CaptureMethod,
    ChargeActionRequired,
    ChargeAuthorized,
    ChargeCanceled,
    ChargeCaptured,
    ChargeCreated,
    ChargeEvent,
    ChargeFailed,
    ChargeOutcomeUnknown,
    EventType,
    event_type,
)
from fincore.domain.ids import MerchantId
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Declined,
    Fact,
    Failure,
    PspAccount,
    PspName,
    PspReference,
    Unknown,
)

ChargeStatus = Literal["processing", "requires_action", "authorized", "succeeded", "failed", "canceled"]

TERMINAL: Final[frozenset[ChargeStatus]] = frozenset({"succeeded", "failed", "canceled"})

TRANSITIONS: Final[Mapping[tuple[ChargeStatus | None, EventType], ChargeStatus]] = MappingProxyType(
    {
        (None, "charge.created"): "processing",
        ("processing", "charge.outcome_unknown"): "processing",
        ("processing", "charge.action_required"): "requires_action",
        ("processing", "charge.authorized"): "authorized",
        ("processing", "charge.captured"): "succeeded",
        ("processing", "charge.failed"): "failed",
        ("processing", "charge.canceled"): "canceled",
        ("requires_action", "charge.authorized"): "authorized",
        ("requires_action", "charge.captured"): "succeeded",
        ("requires_action", "charge.failed"): "failed",
        ("requires_action", "charge.canceled"): "canceled",
        ("authorized", "charge.captured"): "succeeded",
        ("authorized", "charge.canceled"): "canceled",
    }
)
"""(state, event) -> next state. A pair that is not here cannot happen."""


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """One charge as its events tell it. `version` counts them."""

    version: int
    merchant_id: MerchantId
    livemode: bool
    status: ChargeStatus
    amount: Money
    capture_method: CaptureMethod
    payment_method: str
    psp: PspName
    psp_account: PspAccount
    created_at: datetime
    description: str | None
    customer_email: str | None
    metadata: dict[str, str]
    authorized_minor: int = 0
    captured_minor: int = 0
    psp_reference: PspReference | None = None
    capture_before: datetime | None = None
    redirect_url: str | None = None
    failure: Failure | None = None
    unknown_since: datetime | None = None


RefusalCode = Literal[
    "contradicts_state", "amount_exceeds_charge", "currency_differs", "psp_reference_differs"
]


class Refusal(msgspec.Struct, frozen=True):
    """A command that may not be carried out on this charge, and the sentence that says why."""

    code: RefusalCode
    detail: str


def decide(charge: Charge, fact: Fact | Unknown) -> tuple[ChargeEvent, ...] | Refusal:
    """The events that follow from what a PSP reported; none when the charge already knows it.

    The same fact may arrive as the answer to our call, as a webhook and from the janitor, in any order.
    """
    match fact:
        case Unknown():
            return _decide_unknown(charge, fact)
        case Approved():
            return _decide_approved(charge, fact)
        case Declined():
            return _decide_declined(charge, fact)
        case ActionRequired():
            if charge.status in ("requires_action", "authorized", *TERMINAL):
                return ()
            event = ChargeActionRequired(psp_reference=fact.psp_reference, redirect_url=fact.redirect_url)
            return _if_allowed(charge, event)
        case Canceled():
            if charge.status in ("canceled", "failed"):
                return ()
            canceled = ChargeCanceled(
                reason=fact.reason, psp_reference=fact.psp_reference, occurred_at=fact.occurred_at
            )
            return _if_allowed(charge, canceled)
        case _:
            assert_never(fact)


def evolve(charge: Charge | None, event: ChargeEvent) -> Charge:
    """The charge after an event. The first event must be `charge.created`.

    Raises `KeyError` for a pair that the transition table does not hold: the log is then not one this code wrote.
    """
    if isinstance(event, ChargeCreated):
        return _created(charge, event)
    if charge is None:
        raise KeyError((None, event_type(event)))
    change: dict[str, object] = {
        "status": TRANSITIONS[charge.status, event_type(event)],
        "version": charge.version + 1,
    }
    match event:
        case ChargeAuthorized():
            change |= {
                "authorized_minor": event.amount_minor,
                "psp_reference": event.psp_reference,
                "capture_before": event.capture_before,
            }
        case ChargeCaptured():
            change |= {
                "authorized_minor": max(charge.authorized_minor, event.amount_minor),
                "captured_minor": event.amount_minor,
                "psp_reference": event.psp_reference,
            }
        case ChargeFailed():
            change |= {
                "failure": Failure(
                    code=event.code,
                    message=event.message,
                    advice=event.advice,
                    decline_code=event.decline_code,
                ),
                "psp_reference": event.psp_reference or charge.psp_reference,
            }
        case ChargeActionRequired():
            change |= {"psp_reference": event.psp_reference, "redirect_url": event.redirect_url}
        case ChargeOutcomeUnknown():
            return msgspec.structs.replace(charge, **change, unknown_since=event.since)
        case ChargeCanceled():
            change |= {"psp_reference": event.psp_reference}
        case _:
            assert_never(event)
    return msgspec.structs.replace(charge, **change, unknown_since=None)


def fold(events: Iterable[ChargeEvent]) -> Charge | None:
    """The charge a whole stream tells; None for an empty stream."""
    charge: Charge | None = None
    for event in events:
        charge = evolve(charge, event)
    return charge


def transition_table() -> str:
    """The transition table as text, one line a transition, for the docs and the terminal."""
    rows = [(before or "(new)", name, after) for (before, name), after in TRANSITIONS.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _decide_unknown(charge: Charge, fact: Unknown) -> tuple[ChargeEvent, ...] | Refusal:
    if charge.status != "processing" or charge.unknown_since is not None:
        return ()
    return (ChargeOutcomeUnknown(reason=fact.reason, since=fact.since),)


def _decide_approved(charge: Charge, fact: Approved) -> tuple[ChargeEvent, ...] | Refusal:
    if fact.money.currency != charge.amount.currency:
        return Refusal("currency_differs", f"the PSP reports {fact.money}, the charge is for {charge.amount}")
    if fact.money.amount_minor > charge.amount.amount_minor:
        return Refusal(
            "amount_exceeds_charge", f"the PSP reports {fact.money}, the charge is for {charge.amount}"
        )
    if charge.psp_reference is not None and charge.psp_reference != fact.psp_reference:
        return Refusal(
            "psp_reference_differs",
            f"the charge is {charge.psp_reference} at the PSP, not {fact.psp_reference}",
        )
    if fact.kind == "authorized":
        if charge.status in ("authorized", "succeeded", "canceled"):
            return ()
        return _if_allowed(
            charge,
            ChargeAuthorized(
                merchant_id=charge.merchant_id,
                livemode=charge.livemode,
                psp=charge.psp,
                psp_reference=fact.psp_reference,
                amount_minor=fact.money.amount_minor,
                currency=fact.money.currency,
                occurred_at=fact.occurred_at,
                capture_before=fact.capture_before,
            ),
        )
    if charge.status == "succeeded":
        return ()
    return _if_allowed(
        charge,
        ChargeCaptured(
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_reference=fact.psp_reference,
            amount_minor=fact.money.amount_minor,
            currency=fact.money.currency,
            occurred_at=fact.occurred_at,
        ),
    )


def _decide_declined(charge: Charge, fact: Declined) -> tuple[ChargeEvent, ...] | Refusal:
    if charge.status in ("failed", "canceled"):
        return ()
    failure = fact.failure
    return _if_allowed(
        charge,
        ChargeFailed(
            code=failure.code,
            message=failure.message,
            advice=failure.advice,
            decline_code=failure.decline_code,
            psp_reference=fact.psp_reference,
            occurred_at=fact.occurred_at,
        ),
    )


def _if_allowed(charge: Charge, event: ChargeEvent) -> tuple[ChargeEvent, ...] | Refusal:
    if (charge.status, event_type(event)) in TRANSITIONS:
        return (event,)
    return Refusal("contradicts_state", f"{event_type(event)} contradicts a charge that is {charge.status}")


def _created(charge: Charge | None, event: ChargeCreated) -> Charge:
    return Charge(
        version=1,
        merchant_id=event.merchant_id,
        livemode=event.livemode,
        status=TRANSITIONS[charge.status if charge else None, "charge.created"],
        amount=Money(event.amount_minor, event.currency),
        capture_method=event.capture_method,
        payment_method=event.payment_method,
        psp=event.psp,
        psp_account=event.psp_account,
        created_at=event.created_at,
        description=event.description,
        customer_email=event.customer_email,
        metadata=event.metadata,
    )
