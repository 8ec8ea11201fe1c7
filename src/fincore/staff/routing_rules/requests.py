"""What staff ask for routing rules. Pure."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.domain.events import CaptureMethod
from fincore.domain.money import AMOUNT_MINOR_MAX
from fincore.domain.payment_method import PaymentMethodType
from fincore.staff.access.person import Mode
from fincore.staff.acting import Reasoned
from fincore.write.routing.rule_file import TEXT_CHARACTERS_MAX

OFFERED_MAX: Final = 5
METADATA_MAX: Final = 50

_Text = Annotated[
    str,
    Meta(max_length=TEXT_CHARACTERS_MAX, description="The rules, in TOML, as the routing guide describes."),
]


class StaffRoutingCheckRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text to check."""

    text: _Text


class StaffRoutingRulesRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules that are to be live once a second person has agreed."""

    text: _Text
    after: Annotated[
        int,
        Meta(
            ge=0,
            le=999_999_999,
            description="The version that you saw live, which these rules replace; 0 where none ever was.",
        ),
    ]


class StaffOfferedMethod(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A payment method that the merchant offers."""

    type: Annotated[PaymentMethodType, Meta(description="What it is.")]
    psp_account: (
        Annotated[
            str, Meta(min_length=1, max_length=64, description="The account that its token belongs to.")
        ]
        | None
    ) = None


class StaffRoutingSimulationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A charge to route, of nothing but these facts."""

    mode: Annotated[Mode, Meta(description="Whether it is a live charge.")]
    amount_minor: Annotated[
        int, Meta(ge=1, le=AMOUNT_MINOR_MAX, description="Its amount, in the minor unit of the currency.")
    ]
    currency: Annotated[str, Meta(pattern="^[a-z]{3}$", description="ISO 4217 code, in lower case.")]
    merchant: (
        Annotated[str, Meta(pattern="^mer_", max_length=64, description="Its merchant; null: none.")] | None
    ) = None
    payment_methods: Annotated[
        tuple[StaffOfferedMethod, ...],
        Meta(
            min_length=1,
            max_length=OFFERED_MAX,
            description="What the merchant offers, the preferred one first.",
        ),
    ] = (StaffOfferedMethod(type="card"),)
    capture_method: Annotated[CaptureMethod, Meta(description="When its money is taken.")] = "automatic"
    metadata: Annotated[
        dict[Annotated[str, Meta(min_length=1, max_length=40)], Annotated[str, Meta(max_length=500)]],
        Meta(max_length=METADATA_MAX, description="Its metadata."),
    ] = {}
    key: Annotated[
        str,
        Meta(
            max_length=64, description="What weights are drawn by: the id of a charge, for one that exists."
        ),
    ] = ""
    text: (
        Annotated[
            str, Meta(max_length=TEXT_CHARACTERS_MAX, description="Rules to try in place of the live ones.")
        ]
        | None
    ) = None


CHECK: Final = msgspec.json.Decoder(StaffRoutingCheckRequest)
SET: Final = msgspec.json.Decoder(StaffRoutingRulesRequest)
SIMULATE: Final = msgspec.json.Decoder(StaffRoutingSimulationRequest)
