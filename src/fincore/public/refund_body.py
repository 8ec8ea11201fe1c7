"""A refund as merchants see it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.currency import Currency
from fincore.domain.events import RefundOrigin, RefundReason
from fincore.domain.ids import ChargeId
from fincore.domain.refund import Refund, RefundStatus
from fincore.public.failure_body import REFUND_FAILURE_MESSAGES, RefundFailureBody


class RefundBody(msgspec.Struct, frozen=True, kw_only=True):
    """Money given back. The amount is in the minor unit of the charge's currency; times are RFC 3339, in UTC."""

    id: str
    object: Literal["refund"] = "refund"
    charge: Annotated[str, Meta(description="The id of the charge that is refunded.")]
    livemode: bool
    status: Annotated[
        RefundStatus,
        Meta(
            description="`processing`: the PSP is being asked. `pending`: the PSP has taken it on and will carry it out. "
            "`succeeded`: given back; rarely the customer's bank returns it later, and it is `failed` then. `failed`: "
            "the customer did not get it, and the amount can be refunded again."
        ),
    ]
    amount_minor: int
    currency: str
    reason: RefundReason | None
    origin: Annotated[
        RefundOrigin,
        Meta(description="`merchant`: asked for here. `psp`: made at the PSP, such as in its dashboard."),
    ]
    metadata: dict[str, str]
    failure: RefundFailureBody | None
    psp_reference: Annotated[str | None, Meta(description="The refund's id at the PSP.")]
    outcome_unknown_since: Annotated[
        datetime | None,
        Meta(
            description="Since when the PSP's answer is missing. FinCore asks until it knows; do not refund again."
        ),
    ]
    created_at: datetime
    updated_at: datetime


class RefundListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of refunds, newest first."""

    object: Literal["list"] = "list"
    data: list[RefundBody]
    has_more: bool
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")]


def refund_body(charge_id: ChargeId, refund: Refund, *, livemode: bool, currency: Currency) -> RefundBody:
    """A refund of a charge, of whose mode and currency it is."""
    return RefundBody(
        id=refund.refund_id,
        charge=charge_id,
        livemode=livemode,
        status=refund.status,
        amount_minor=refund.amount_minor,
        currency=currency,
        reason=refund.reason,
        origin=refund.origin,
        metadata=refund.metadata,
        failure=RefundFailureBody(
            code=refund.failure_code, message=REFUND_FAILURE_MESSAGES[refund.failure_code]
        )
        if refund.failure_code
        else None,
        psp_reference=refund.psp_reference,
        outcome_unknown_since=refund.unknown_since,
        created_at=refund.requested_at,
        updated_at=refund.updated_at,
    )
