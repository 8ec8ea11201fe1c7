"""What staff ask of a charge. Pure."""

from typing import Annotated, Literal

from msgspec import Meta

from fincore.domain.events import RefundReason
from fincore.domain.money import AMOUNT_MINOR_MAX
from fincore.staff.acting import Reasoned


class StaffRefundRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The refund to make. `reason` is for FinCore's own record, and the PSP and the merchant are not told of it."""

    amount_minor: Annotated[
        int,
        Meta(
            ge=1,
            le=AMOUNT_MINOR_MAX,
            description="The amount to give back, in the charge's minor unit.",
            examples=[500],
        ),
    ]
    refund_reason: Annotated[
        RefundReason | None,
        Meta(description="Why, in the words that the PSP and the merchant are told; null: nothing."),
    ] = None


class StaffCaptureRequest(
    Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What to capture. The bank releases the rest."""

    amount_minor: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=AMOUNT_MINOR_MAX,
                description="The amount to take, in the charge's minor unit; null: all that is held.",
            ),
        ]
        | None
    ) = None


class StaffCancelRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Why to cancel the charge."""

    cancel_reason: Annotated[
        Literal["requested_by_customer", "duplicate", "fraudulent"],
        Meta(description="Why, in the words that the PSP is told."),
    ] = "requested_by_customer"
