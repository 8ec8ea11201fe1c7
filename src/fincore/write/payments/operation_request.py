"""What a merchant asks of a charge that exists: to capture it, to cancel it, to refund it."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fincore.domain.events import RefundReason
from fincore.domain.money import AMOUNT_MINOR_MAX
from fincore.write.payments.flaw import Flaw, text_flaws
from fincore.write.payments.metadata import Metadata, metadata_flaws

CHARGE_ID_PATTERN: Final = r"^ch_[0-7][0-9a-hjkmnp-tv-z]{25}$"
"""What a charge's id looks like, as a JSON schema says it."""
CHARGE_ID_CHARACTERS_MAX: Final = 64
"""More than an id has: what is no id is answered as a charge that is not there."""


class CaptureRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A capture. Whatever is held and not captured is released: a charge is captured once."""

    amount_minor: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=AMOUNT_MINOR_MAX,
                description="What to take, in the charge's minor unit; all that is held unless you say.",
                examples=[1500],
            ),
        ]
        | None
    ) = None


class CancelRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A cancellation of a charge of which nothing was taken yet."""

    reason: Annotated[
        Literal["requested_by_customer", "duplicate", "fraudulent"],
        Meta(description="Why the charge is given up; the PSP is told."),
    ] = "requested_by_customer"


class RefundRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A refund of a charge that succeeded, or of a part of it."""

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
                description="What to give back, in the charge's minor unit; all that is left unless you say.",
                examples=[500],
            ),
        ]
        | None
    ) = None
    reason: Annotated[RefundReason, Meta(description="Why; the PSP is told.")] | None = None
    metadata: Metadata = {}


OperationRequest = CaptureRequest | CancelRequest | RefundRequest


def refund_flaw(request: RefundRequest) -> Flaw | None:
    """The first thing that is wrong with the texts of a refund's request.

    What its type says (ranges, lengths) is checked where it is decoded, and whether there is such a charge later.
    """
    return next(
        (
            flaw
            for flaws in (metadata_flaws(request.metadata), text_flaws((("charge", request.charge),)))
            for flaw in flaws
        ),
        None,
    )
