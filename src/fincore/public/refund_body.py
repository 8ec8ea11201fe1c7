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
from fincore.public.fields import (
    ChargeReference,
    CreatedAt,
    CurrencyCode,
    HasMore,
    Livemode,
    NextCursor,
    ObjectName,
    StoredMetadata,
    UpdatedAt,
)


class RefundBody(msgspec.Struct, frozen=True, kw_only=True):
    """Money given back for a charge. Times are RFC 3339, in UTC."""

    id: Annotated[str, Meta(description="The refund's id.", examples=["re_01kab5m5wvfb9v1c2m5hfv0d2e"])]
    object: Annotated[Literal["refund"], ObjectName] = "refund"
    charge: ChargeReference
    livemode: Livemode
    status: Annotated[RefundStatus, Meta(description="Where the refund stands.")]
    amount_minor: Annotated[int, Meta(description="The amount in the minor unit of `currency`.")]
    currency: CurrencyCode
    reason: Annotated[RefundReason | None, Meta(description="The reason that you sent.")]
    origin: Annotated[
        RefundOrigin,
        Meta(description="Who requested the refund."),
    ]
    metadata: StoredMetadata
    failure: Annotated[
        RefundFailureBody | None, Meta(description="Why the refund failed; null unless it did.")
    ]
    psp_reference: Annotated[
        str | None, Meta(description="The refund's id at the PSP; null until the PSP has reported it.")
    ]
    outcome_unknown_since: Annotated[
        datetime | None,
        Meta(
            description="Since when the PSP's answer is missing; null where nothing is missing. FinCore "
            "asks the PSP until it knows. Do not refund again."
        ),
    ]
    created_at: CreatedAt
    updated_at: UpdatedAt


class RefundListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of refunds, newest first."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[RefundBody], Meta(description="The refunds of this page.")]
    has_more: HasMore
    next_cursor: NextCursor


def refund_body(charge_id: ChargeId, refund: Refund, *, livemode: bool, currency: Currency) -> RefundBody:
    """A refund of a charge, in the mode and currency of the charge."""
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
