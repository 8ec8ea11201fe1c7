"""A charge as merchants see it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from fincore.api.problems import ProblemBody, problem_body
from fincore.domain.charge import Charge
from fincore.domain.events import ChargeStatus, EventType
from fincore.domain.ids import ChargeId, RequestId
from fincore.domain.outcome import DeclineAdvice, Failure, FailureCode
from fincore.domain.public_event import PublicEvent
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.write.payments.payment_service import Rendered

FAILURE_MESSAGES: Final[Mapping[FailureCode, str]] = MappingProxyType(
    {
        "authentication_failed": "The customer did not pass the bank's authentication.",
        "authentication_required": "The bank wants the customer to authenticate; ask them to pay in person.",
        "card_declined": "The card was declined.",
        "expired_card": "The card has expired.",
        "incorrect_cvc": "The card's security code is wrong.",
        "incorrect_number": "The card's number is wrong.",
        "payment_method_invalid": "The payment method cannot be used.",
        "processing_error": "The payment could not be processed.",
        "psp_rejected_request": "The payment service provider did not take the request.",
        "psp_unavailable": "The payment service provider could not be reached in time.",
    }
)
"""What merchants read: our own words. The PSP's free text is for staff."""


class FailureBody(msgspec.Struct, frozen=True, kw_only=True):
    """Why a charge failed."""

    code: FailureCode
    decline_code: Annotated[str | None, Meta(description="The PSP's own word for it, where it has one.")]
    message: str
    advice: DeclineAdvice
    retryable: Annotated[
        bool, Meta(description="A new charge with the same payment method may succeed later.")
    ]


class NextAction(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer has to do."""

    redirect_url: Annotated[
        str | None, Meta(description="The page to send the customer to, where there is one.")
    ]


class TimelineEntryBody(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a charge."""

    id: str
    type: EventType
    at: Annotated[
        datetime, Meta(description="When it happened, by the PSP's clock where the PSP reported it.")
    ]
    data: dict[str, str | int | None]


class ChargeBody(msgspec.Struct, frozen=True, kw_only=True):
    """A payment. Amounts are in the currency's minor unit; times are RFC 3339, in UTC."""

    id: str
    object: Literal["charge"] = "charge"
    livemode: bool
    status: ChargeStatus
    amount_minor: int
    currency: str
    capture: Annotated[
        bool, Meta(description="Whether the money is taken at once, or held until you capture it.")
    ]
    amount_authorized_minor: int
    amount_captured_minor: int
    payment_method: str
    description: str | None
    customer_email: str | None
    metadata: dict[str, str]
    psp: str
    psp_reference: Annotated[str | None, Meta(description="The payment's id at the PSP.")]
    failure: FailureBody | None
    next_action: NextAction | None
    outcome_unknown_since: Annotated[
        datetime | None,
        Meta(
            description="Since when the PSP's answer is missing. FinCore asks until it knows; do not charge again."
        ),
    ]
    created_at: datetime
    timeline: list[TimelineEntryBody] | UnsetType = UNSET


class ChargeListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of charges, newest first."""

    object: Literal["list"] = "list"
    data: list[ChargeBody]
    has_more: bool
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")]


class FailedChargeProblem(ProblemBody, frozen=True, kw_only=True):
    """The problem that tells a client that waited that its charge failed."""

    charge: ChargeBody


_ENCODER: Final = msgspec.json.Encoder()


def charge_body(
    charge_id: ChargeId, charge: Charge, timeline: list[TimelineEntryBody] | UnsetType = UNSET
) -> ChargeBody:
    """A charge; without its timeline in lists and in answers to POST."""
    return ChargeBody(
        id=charge_id,
        livemode=charge.livemode,
        status=charge.status,
        amount_minor=charge.amount.amount_minor,
        currency=charge.amount.currency,
        capture=charge.capture_method == "automatic",
        amount_authorized_minor=charge.authorized_minor,
        amount_captured_minor=charge.captured_minor,
        payment_method=charge.payment_method,
        description=charge.description,
        customer_email=charge.customer_email,
        metadata=charge.metadata,
        psp=charge.psp,
        psp_reference=charge.psp_reference,
        failure=_failure_body(charge.failure) if charge.failure else None,
        next_action=NextAction(redirect_url=charge.redirect_url)
        if charge.status == "requires_action"
        else None,
        outcome_unknown_since=charge.unknown_since,
        created_at=charge.created_at,
        timeline=timeline,
    )


def charge_body_with_timeline(view: ChargeView, events: Sequence[PublicEvent]) -> ChargeBody:
    """A charge with what happened to it so far."""
    timeline = [
        TimelineEntryBody(id=event.event_id, type=event.type, at=event.occurred_at, data=event.data)
        for event in events
    ]
    return charge_body(view.charge_id, view.charge, timeline)


def render_charge(charge_id: ChargeId, charge: Charge, request_id: RequestId) -> Rendered:
    """The answer to the request that created a charge: 201, or 402 where it failed while the client waited."""
    body = charge_body(charge_id, charge)
    location = f"/v1/charges/{charge_id}"
    if charge.status != "failed":
        return Rendered(201, _ENCODER.encode(body), location)
    detail = f"{_message(charge.failure)} `charge.failure` has the details; to try again, use a new key."
    problem = problem_body("charge_failed", request_id, detail=detail)
    failed = FailedChargeProblem(**msgspec.structs.asdict(problem), charge=body)
    return Rendered(problem.status, _ENCODER.encode(failed), location)


def _failure_body(failure: Failure) -> FailureBody:
    return FailureBody(
        code=failure.code,
        decline_code=failure.decline_code,
        message=_message(failure),
        advice=failure.advice,
        retryable=failure.advice == "retry_later",
    )


def _message(failure: Failure | None) -> str:
    return FAILURE_MESSAGES[failure.code if failure else "processing_error"]
