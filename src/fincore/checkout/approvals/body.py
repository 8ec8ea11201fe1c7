"""An approval as fincore.js gets it. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeStatus


class ApprovalBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer is to approve, and how their charge stands."""

    object: Literal["approval"] = "approval"
    status: Annotated[ChargeStatus, Meta(description="The charge's status.")]
    psp: Annotated[str, Meta(description="The PSP at which the customer approves.", examples=["paypal"])]
    psp_account: Annotated[str, Meta(description="The account there.", examples=["test"])]
    psp_reference: Annotated[
        str | None,
        Meta(description="The payment's id at the PSP, which its script takes; null until it is known."),
    ]
    times_asked: Annotated[
        int,
        Meta(
            description="How often the customer was asked to approve. It grows where the PSP refuses what they approved and "
            "asks for another way to pay."
        ),
    ]


def approval_body(charge: Charge) -> ApprovalBody:
    """The approval of a charge."""
    return ApprovalBody(
        status=charge.status,
        psp=charge.psp,
        psp_account=charge.psp_account,
        psp_reference=charge.psp_reference,
        times_asked=charge.actions_required,
    )
