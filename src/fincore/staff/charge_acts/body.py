"""What acts on a charge are answered, and what a refund would do. Pure."""

from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from fincore.domain.charge import Charge
from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, RefundId, RequestId
from fincore.domain.one_person_limits import OnePersonLimit
from fincore.domain.refusal import Refusal, RequestRefusalCode
from fincore.domain.requests import acceptable_refund_minor
from fincore.eventstore.commit import RenderedResponse
from fincore.public.charge_body import ChargeBody, charge_body
from fincore.public.refund_body import RefundBody, refund_body

_ENCODER = msgspec.json.Encoder()


class StaffRefusalBody(msgspec.Struct, frozen=True, kw_only=True):
    """Why something is not possible now."""

    code: Annotated[
        RequestRefusalCode, Meta(description="The code of the problem that the act would be answered with.")
    ]
    detail: Annotated[str, Meta(description="What stands in the way.")]


class StaffRefundLimitBody(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller may refund alone in the charge's currency and mode."""

    act_minor: Annotated[int, Meta(description="At once, in the minor unit.")]
    day_minor: Annotated[int, Meta(description="In a day, by UTC.")]
    used_today_minor: Annotated[
        int, Meta(description="What counts for today already, with what waits for a second person.")
    ]


class StaffRefundPreviewBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a refund would do, as things stand."""

    object: Annotated[Literal["refund_preview"], Meta(description="The kind of object that this is.")] = (
        "refund_preview"
    )
    charge: Annotated[str, Meta(description="The charge's id.")]
    currency: Annotated[Currency, Meta(description="ISO 4217 code in lower case.", examples=["usd"])]
    amount_minor: Annotated[
        int,
        Meta(description="The amount that is looked at: the one that was asked for, or all that is left."),
    ]
    captured_minor: Annotated[int, Meta(description="What was taken.")]
    refundable_minor: Annotated[
        int, Meta(description="The largest refund that is accepted now; 0 where every one is refused.")
    ]
    left_after_minor: Annotated[
        int, Meta(description="What is left to refund afterwards; as it is where the refund is refused.")
    ]
    refusal: Annotated[
        StaffRefusalBody | None, Meta(description="Why this amount is refused; null where it is accepted.")
    ]
    second_person_because: Annotated[
        str | None,
        Meta(description="Why you may not make it alone, so that it becomes a proposal; null: you may."),
    ]
    limit: Annotated[
        StaffRefundLimitBody | None,
        Meta(description="Your limit; null: in this currency one person refunds nothing alone."),
    ]
    psp_fee_minor: Annotated[
        int | None,
        Meta(
            description="The PSP's fee for the charge, in the minor unit of `psp_fee_currency`; null where it is not known. Whether the PSP gives "
            "any of it back is its decision: what it gave back stands at the refund afterwards."
        ),
    ]
    psp_fee_currency: Annotated[
        Currency | None, Meta(description="ISO 4217 code of the fee's currency; null where it is not known.")
    ]


class StaffInquiryBody(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP is asked. What it says is recorded in the charge."""

    object: Annotated[Literal["inquiry"], Meta(description="The kind of object that this is.")] = "inquiry"
    charge: Annotated[str, Meta(description="The charge's id.")]
    asks_about: Annotated[
        list[str], Meta(description="What the PSP is asked about: `payment`, and ids of refunds.")
    ]


def preview_body(
    charge_id: ChargeId,
    charge: Charge,
    amount_minor: int,
    *,
    refusal: Refusal | None,
    second_person: str | None,
    limit: OnePersonLimit | None,
    used_today_minor: int,
) -> StaffRefundPreviewBody:
    """What a refund of this amount would do."""
    taken_minor = 0 if refusal is not None else amount_minor
    return StaffRefundPreviewBody(
        charge=charge_id,
        currency=charge.amount.currency,
        amount_minor=amount_minor,
        captured_minor=charge.captured_minor,
        refundable_minor=acceptable_refund_minor(charge),
        left_after_minor=charge.refundable_minor - taken_minor,
        # A request is refused for the reasons of requests only.
        refusal=None
        if refusal is None
        else StaffRefusalBody(code=cast("RequestRefusalCode", refusal.code), detail=refusal.detail),
        second_person_because=second_person,
        limit=None
        if limit is None
        else StaffRefundLimitBody(
            act_minor=limit.act_minor, day_minor=limit.day_minor, used_today_minor=used_today_minor
        ),
        psp_fee_minor=charge.fee.amount_minor if charge.fee else None,
        psp_fee_currency=charge.fee.currency if charge.fee else None,
    )


def render_staff_refund(
    charge_id: ChargeId, charge: Charge, refund_id: RefundId, _: RequestId
) -> RenderedResponse:
    """The refund as it is, also where it failed while the caller waited: `status` says so."""
    refund = charge.refund(refund_id)
    if refund is None:
        raise ValueError(f"{charge_id} has no refund {refund_id} that could be shown")
    body: RefundBody = refund_body(
        charge_id, refund, livemode=charge.livemode, currency=charge.amount.currency
    )
    return RenderedResponse(201, _ENCODER.encode(body))


def render_staff_charge(charge_id: ChargeId, charge: Charge, _: RequestId) -> RenderedResponse:
    """The charge as it is: `pending_operation` is what was asked, or `operation_failure` why it failed while the caller waited."""
    body: ChargeBody = charge_body(charge_id, charge)
    return RenderedResponse(200, _ENCODER.encode(body))
