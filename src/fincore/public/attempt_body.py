"""The attempts of a charge that went to more than one PSP account, as merchants see them. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.charge import Charge

ShownAttemptStatus = Literal[
    "current", "abandoned", "authorized", "captured", "released", "reversed", "reversal_failed"
]


class AttemptBody(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to carry out a charge, at one PSP account."""

    number: Annotated[int, Meta(description="The attempt's number, from 1.")]
    psp: Annotated[str, Meta(description="The PSP of the attempt.", examples=["stripe"])]
    psp_account: Annotated[str, Meta(description="The account at the PSP.", examples=["test"])]
    psp_reference: Annotated[
        str | None, Meta(description="The payment's id at the PSP; null where none is known.")
    ]
    status: Annotated[
        ShownAttemptStatus,
        Meta(description="Where the attempt stands. `current`: the charge itself says it."),
    ]


def attempt_bodies(charge: Charge) -> list[AttemptBody]:
    """The attempts in their order; the last one is the one that counts."""
    abandoned = [
        AttemptBody(
            number=attempt.number,
            psp=attempt.psp,
            psp_account=attempt.psp_account,
            psp_reference=attempt.psp_reference,
            status=attempt.status,
        )
        for attempt in charge.abandoned_attempts
    ]
    current = AttemptBody(
        number=charge.attempt_number,
        psp=charge.psp,
        psp_account=charge.psp_account,
        psp_reference=charge.psp_reference,
        status="current",
    )
    return [*abandoned, current]
