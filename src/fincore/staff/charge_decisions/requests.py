"""What staff decide about charges. Pure."""

from typing import Annotated, Literal

from msgspec import Meta

from fincore.domain.money import AMOUNT_MINOR_MAX
from fincore.staff.acting import Reasoned

ResolvedOutcome = Literal[
    "captured", "authorized", "canceled", "expired", "failed", "given_back", "succeeded"
]


class StaffResolveRequest(
    Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a person read at the PSP of an operation with an unknown outcome. `reason` says where and how."""

    outcome: Annotated[
        ResolvedOutcome,
        Meta(
            description="What the PSP shows. Of the charge: `captured`, `authorized`, `canceled`, `expired`; `failed`: the operation in doubt did "
            "not happen; `given_back`: its abandoned attempts have no money of the customer. Of a refund: `succeeded` or `failed`."
        ),
    ]
    refund: (
        Annotated[
            str,
            Meta(
                max_length=64, description="The id of the refund that it is about; null: the charge itself."
            ),
        ]
        | None
    ) = None
    psp_reference: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=255,
                description="What the PSP calls the payment or the refund; null where FinCore knows it.",
            ),
        ]
        | None
    ) = None
    amount_minor: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=AMOUNT_MINOR_MAX,
                description="The amount that the PSP shows, in the charge's minor unit; null: the one that was asked for.",
            ),
        ]
        | None
    ) = None


class StaffReportRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which held report is meant."""

    psp_event_id: Annotated[
        str,
        Meta(min_length=1, max_length=255, description="The PSP's id of the event that the report is."),
    ]
