"""What staff decide about breaks. Pure."""

from typing import Annotated

from msgspec import Meta

from fincore.domain.money import AMOUNT_MINOR_MAX
from fincore.staff.access.person import Mode
from fincore.staff.acting import Reasoned

SignedMinor = Annotated[
    int,
    Meta(
        ge=-AMOUNT_MINOR_MAX,
        le=AMOUNT_MINOR_MAX,
        description="The amount as the person saw it, with its sign, in the minor unit. It is compared again: nothing is booked where it changed.",
        examples=[-1250],
    ),
]


class StaffBreakAmountRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a break is ended, and of which amount."""

    amount_minor: SignedMinor


class StaffOpeningRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a PSP held before its first statement, and why."""

    mode: Annotated[Mode, Meta(description="In which mode.")]
    psp: Annotated[str, Meta(min_length=1, max_length=64, description="The PSP.", examples=["paypal"])]
    psp_account: Annotated[
        str, Meta(min_length=1, max_length=64, description="The account at the PSP.", examples=["eu"])
    ]
    currency: Annotated[
        str, Meta(pattern="^[a-z]{3}$", description="ISO 4217 code in lower case.", examples=["usd"])
    ]
    amount_minor: SignedMinor
