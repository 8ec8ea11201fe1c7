"""What a merchant asks of a charge that exists: to capture it, to cancel it, to refund it."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fincore.domain.events import RefundReason
from fincore.domain.money import AMOUNT_MINOR_MAX
from fincore.write.payments.flaw import Flaw, text_flaw
from fincore.write.payments.metadata import Metadata, metadata_flaw

CHARGE_ID_PATTERN: Final = r"^ch_[0-7][0-9a-hjkmnp-tv-z]{25}$"
"""What a charge's id looks like, as a JSON schema says it."""
CHARGE_ID_CHARACTERS_MAX: Final = 64
"""More than an id has: what is no id is answered as a charge that is not there."""


class CaptureRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What to capture. The bank releases the rest: a charge is captured once. The body can be left out."""

    amount_minor: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=AMOUNT_MINOR_MAX,
                description="The amount to take, in the charge's minor unit; without it, all that is held.",
                examples=[1500],
            ),
        ]
        | None
    ) = None


class CancelRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Why to cancel the charge. The body can be left out."""

    reason: Annotated[
        Literal["requested_by_customer", "duplicate", "fraudulent"],
        Meta(description="Why you cancel the charge. FinCore tells the PSP."),
    ] = "requested_by_customer"


class RefundRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The refund to make."""

    charge: Annotated[
        str,
        Meta(
            max_length=CHARGE_ID_CHARACTERS_MAX,
            description="The charge's id.",
            examples=["ch_01kab5m5wvfb9v1c2m5hfv0d2e"],
            extra_json_schema={"pattern": CHARGE_ID_PATTERN},
        ),
    ]
    amount_minor: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=AMOUNT_MINOR_MAX,
                description="The amount to give back, in the charge's minor unit; without it, all that is left.",
                examples=[500],
            ),
        ]
        | None
    ) = None
    reason: (
        Annotated[RefundReason, Meta(description="Why you refund the charge. FinCore tells the PSP.")] | None
    ) = None
    metadata: Metadata = {}


OperationRequest = CaptureRequest | CancelRequest | RefundRequest


def refund_flaw(request: RefundRequest) -> Flaw | None:
    """The first thing that is wrong with the texts of a refund's request.

    What its type says (ranges, lengths) is checked where it is decoded, and whether there is such a charge later.
    """
    return metadata_flaw(request.metadata) or text_flaw("charge", request.charge)
