"""Authorizations and captures: from one snapshot to the next. Pure.

authorization: PENDING -> CREATED or DENIED; CREATED -> PARTIALLY_CAPTURED -> CAPTURED; any of the open ones -> VOIDED
capture: PENDING -> COMPLETED or DECLINED; what refunds make of it is in `refund_machine.py`
"""

import msgspec
from msgspec.structs import replace

from psp_sandbox.paypal.change import Change, Effect, NewEvent
from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.records import (
    Amount,
    Authorization,
    AuthorizationStatus,
    Capture,
    CaptureStatus,
    Funding,
    Order,
    PendingReason,
    Unit,
)

DAY_SECONDS = 24 * 3_600
HONOR_SECONDS = 3 * DAY_SECONDS
"""How long the money of an authorization is surely there."""
AUTHORIZATION_SECONDS = 29 * DAY_SECONDS
ECHECK_SECONDS = 4 * DAY_SECONDS
REVIEW_SECONDS = DAY_SECONDS
OVERCAPTURE_PERCENT = 115
OVERCAPTURE_MINOR = 75_00

OPEN = frozenset({"CREATED", "PARTIALLY_CAPTURED"})

CAPTURED: dict[Funding, tuple[CaptureStatus, PendingReason | None]] = {
    "completes": ("COMPLETED", None),
    "declined": ("DECLINED", None),
    "echeck": ("PENDING", "ECHECK"),
    "echeck_denied": ("PENDING", "ECHECK"),
    "review": ("PENDING", "PENDING_REVIEW"),
    "review_denied": ("PENDING", "PENDING_REVIEW"),
    "refund_fails": ("COMPLETED", None),
}
"""What a capture is at first."""

AUTHORIZED: dict[Funding, AuthorizationStatus] = {
    "completes": "CREATED",
    "declined": "DENIED",
    "echeck": "CREATED",
    "echeck_denied": "CREATED",
    "review": "PENDING",
    "review_denied": "PENDING",
    "refund_fails": "CREATED",
}
"""What an authorization is at first; a review is about the authorization, not about its captures."""

DENIED_IN_THE_END = frozenset({"echeck_denied", "review_denied"})
REVIEWED = frozenset({"review", "review_denied"})
PENDING_SECONDS: dict[PendingReason, int] = {"ECHECK": ECHECK_SECONDS, "PENDING_REVIEW": REVIEW_SECONDS}


class CaptureOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a merchant asks of an authorization: an amount, or all that is left; `final` gives the rest back."""

    capture_id: str
    amount: Amount | None
    invoice_id: str | None
    final: bool


def capture_of_order(order: Order, unit: Unit, capture_id: str, *, now: int) -> Capture:
    """The capture of a purchase unit that its payer approved."""
    status, reason = CAPTURED[order.instrument.funding]
    return Capture(
        id=capture_id,
        account=order.account,
        order_id=order.id,
        reference_id=unit.reference_id,
        authorization_id=None,
        status=status,
        reason=reason,
        amount=unit.amount,
        refunded_minor=0,
        final=True,
        created_at=now,
        updated_at=now,
        custom_id=unit.custom_id,
        invoice_id=unit.invoice_id,
        instrument=order.instrument,
    )


def authorization_of(order: Order, unit: Unit, authorization_id: str, *, now: int) -> Authorization:
    """The authorization of a purchase unit that its payer approved."""
    status = AUTHORIZED[order.instrument.funding]
    return Authorization(
        id=authorization_id,
        account=order.account,
        order_id=order.id,
        reference_id=unit.reference_id,
        parent_id=None,
        status=status,
        reason="PENDING_REVIEW" if status == "PENDING" else None,
        amount=unit.amount,
        captured_minor=0,
        created_at=now,
        updated_at=now,
        honored_until=now + HONOR_SECONDS,
        expires_at=now + AUTHORIZATION_SECONDS,
        custom_id=unit.custom_id,
        invoice_id=unit.invoice_id,
        instrument=order.instrument,
    )


def effect_of_authorization(hold: Authorization) -> Effect:
    """A review ends; a hold expires."""
    if hold.status == "PENDING":
        return Effect("paypal.decide_authorization", hold.id, hold.created_at + REVIEW_SECONDS)
    return Effect("paypal.expire_authorization", hold.id, hold.expires_at)


def effects_of_capture(capture: Capture) -> tuple[Effect, ...]:
    """A pending capture is decided."""
    if capture.reason is None:
        return ()
    at = capture.created_at + PENDING_SECONDS[capture.reason]
    return (Effect("paypal.decide_capture", capture.id, at),)


def decide_authorization(hold: Authorization, *, denied: bool, now: int) -> Change:
    """The review of an authorization is over."""
    status: AuthorizationStatus = "DENIED" if denied else "CREATED"
    after = replace(hold, status=status, reason=None, updated_at=now)
    return Change(
        records=(after,),
        events=() if denied else (NewEvent("PAYMENT.AUTHORIZATION.CREATED", hold.id),),
        effects=() if denied else (effect_of_authorization(after),),
    )


def decide_capture(capture: Capture, *, denied: bool, now: int) -> Change:
    """The money of a pending capture has come, or will not come."""
    status: CaptureStatus = "DECLINED" if denied else "COMPLETED"
    after = replace(capture, status=status, reason=None, updated_at=now)
    return Change(
        records=(after,),
        events=(NewEvent("PAYMENT.CAPTURE.DENIED" if denied else "PAYMENT.CAPTURE.COMPLETED", capture.id),),
    )


def capture(
    hold: Authorization, family: tuple[Authorization, ...], asked: CaptureOrder, *, now: int
) -> Change:
    """Money of an authorization is taken. `family`: the other authorizations that hold the same money.

    Raises Refusal: the hold is over, or the amount is more than it allows, or it is past the days in which the money is sure.
    """
    _check_open(hold)
    if hold.status == "PENDING":
        raise Refusal("TRANSACTION_REFUSED")
    if asked.amount is not None and asked.amount.currency != hold.amount.currency:
        raise Refusal("AUTH_CAPTURE_CURRENCY_MISMATCH", field="/amount/currency_code")
    left = hold.amount.minor - hold.captured_minor
    minor = left if asked.amount is None else asked.amount.minor
    if hold.captured_minor + minor > most_capturable(hold.amount):
        raise Refusal("MAX_CAPTURE_AMOUNT_EXCEEDED", field="/amount/value")
    if now > hold.honored_until:
        raise Refusal("PAYER_CANNOT_PAY")
    funding = hold.instrument.funding
    instrument = replace(hold.instrument, funding="completes") if funding in REVIEWED else hold.instrument
    status, reason = CAPTURED[instrument.funding]
    captured_minor = hold.captured_minor + minor
    final = asked.final or captured_minor >= hold.amount.minor
    taken = Capture(
        id=asked.capture_id,
        account=hold.account,
        order_id=hold.order_id,
        reference_id=hold.reference_id,
        authorization_id=hold.id,
        status=status,
        reason=reason,
        amount=Amount(hold.amount.currency, minor),
        refunded_minor=0,
        final=final,
        created_at=now,
        updated_at=now,
        custom_id=hold.custom_id,
        invoice_id=asked.invoice_id or hold.invoice_id,
        instrument=instrument,
    )
    hold_status: AuthorizationStatus = "CAPTURED" if final else "PARTIALLY_CAPTURED"
    holds = tuple(
        replace(one, status=hold_status, captured_minor=captured_minor, updated_at=now)
        for one in (hold, *family)
    )
    return Change(
        records=(*holds, taken),
        events=(
            NewEvent(
                "PAYMENT.CAPTURE.PENDING" if status == "PENDING" else "PAYMENT.CAPTURE.COMPLETED", taken.id
            ),
        ),
        effects=(
            *effects_of_capture(taken),
            *(effect_of_authorization(one) for one in holds if not final and one.parent_id is None),
        ),
    )


def most_capturable(held: Amount) -> int:
    """115 % of what is held, and at most 75 more in currencies with decimals."""
    return min(held.minor * OVERCAPTURE_PERCENT // 100, held.minor + OVERCAPTURE_MINOR)


def void(
    hold: Authorization, family: tuple[Authorization, ...], *, now: int, expired: bool = False
) -> Change:
    """The money is the payer's again, by the merchant's will or because the authorization expired.

    Raises Refusal: the authorization is over, or is a reauthorization.
    """
    if hold.status == "CAPTURED":
        raise Refusal("PREVIOUSLY_CAPTURED")
    if hold.status in {"VOIDED", "DENIED"}:
        raise Refusal("PREVIOUSLY_VOIDED")
    if hold.parent_id is not None:
        raise Refusal("CANNOT_BE_VOIDED")
    voided = tuple(
        replace(one, status="VOIDED", reason=None, expired=expired, updated_at=now) for one in (hold, *family)
    )
    return Change(records=voided, events=(NewEvent("PAYMENT.AUTHORIZATION.VOIDED", hold.id),))


def reauthorize(
    hold: Authorization,
    family: tuple[Authorization, ...],
    *,
    amount: Amount | None,
    authorization_id: str,
    now: int,
) -> Change:
    """Three more days in which the money is sure, under a new id. Raises Refusal."""
    _check_open(hold)
    if hold.parent_id is not None:
        raise Refusal("REAUTHORIZATION_NOT_SUPPORTED")
    if hold.status != "CREATED":
        raise Refusal("AUTHORIZATION_ALREADY_CAPTURED" if hold.captured_minor else "TRANSACTION_REFUSED")
    if now <= max(one.honored_until for one in (hold, *family)):
        raise Refusal("REAUTHORIZATION_TOO_SOON")
    if amount is not None and amount.currency != hold.amount.currency:
        raise Refusal("AUTH_CURRENCY_MISMATCH", field="/amount/currency_code")
    if amount is not None and amount.minor > most_capturable(hold.amount):
        raise Refusal("TRANSACTION_REFUSED", field="/amount/value")
    renewed = replace(
        hold,
        id=authorization_id,
        parent_id=hold.id,
        amount=amount or hold.amount,
        created_at=now,
        updated_at=now,
        honored_until=min(now + HONOR_SECONDS, hold.expires_at),
    )
    return Change(records=(renewed,), events=(NewEvent("PAYMENT.AUTHORIZATION.CREATED", renewed.id),))


def _check_open(hold: Authorization) -> None:
    """Raises Refusal: nothing can be taken of the hold any more."""
    if hold.status == "VOIDED":
        raise Refusal("AUTHORIZATION_EXPIRED" if hold.expired else "AUTHORIZATION_VOIDED")
    if hold.status == "DENIED":
        raise Refusal("AUTHORIZATION_DENIED")
    if hold.status == "CAPTURED":
        raise Refusal("AUTHORIZATION_ALREADY_CAPTURED")
