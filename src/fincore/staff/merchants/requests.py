"""What staff ask for merchants. Pure."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.domain.fee_plan import BASIS_POINTS_MAX
from fincore.staff.access.person import Mode
from fincore.staff.acting import Reasoned
from fincore.write.merchants.api_key import KeyKind
from fincore.write.merchants.fee_plans import FIXED_MINOR_MAX
from fincore.write.merchants.merchants import NAME_CHARACTERS_MAX
from fincore.write.merchants.origin import ORIGIN_CHARACTERS_MAX

_Mode = Annotated[Mode, Meta(description="In which mode it is to count.")]


class StaffMerchantRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Register a merchant."""

    name: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=NAME_CHARACTERS_MAX,
            description="The name for people to read, without control characters.",
            examples=["Corner Shop"],
        ),
    ]


class StaffApiKeyRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Create an API key."""

    kind: Annotated[
        KeyKind, Meta(description="`secret`: for back ends. `publishable`: for pages at registered origins.")
    ] = "secret"
    mode: _Mode
    name: Annotated[
        str,
        Meta(
            max_length=NAME_CHARACTERS_MAX,
            description="A name for people to read, without control characters.",
            examples=["back end"],
        ),
    ] = ""


class StaffApiKeyRevocationRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Revoke an API key for good."""


class StaffFeePlanRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Set what the platform charges for each capture in a currency."""

    currency: Annotated[
        str, Meta(pattern="^[a-z]{3}$", description="ISO 4217 code, in lower case.", examples=["eur"])
    ]
    basis_points: Annotated[
        int,
        Meta(
            ge=0,
            le=BASIS_POINTS_MAX,
            description="The share of each capture, in hundredths of a percent: 290 is 2.9 %.",
        ),
    ]
    fixed_minor: Annotated[
        int, Meta(ge=0, le=FIXED_MINOR_MAX, description="What is added for each capture, in the minor unit.")
    ] = 0


class StaffOriginRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Register an origin, or remove it."""

    origin: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=ORIGIN_CHARACTERS_MAX,
            description="Scheme, host and port.",
            examples=["https://shop.example"],
        ),
    ]
    mode: _Mode


class StaffRawCardDecisionRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Decide whether a merchant may send card numbers to the card edge."""

    mode: _Mode
    is_enabled: Annotated[bool, Meta(description="Whether it may.")]


CREATE: Final = msgspec.json.Decoder(StaffMerchantRequest)
CREATE_KEY: Final = msgspec.json.Decoder(StaffApiKeyRequest)
REVOKE_KEY: Final = msgspec.json.Decoder(StaffApiKeyRevocationRequest)
SET_PLAN: Final = msgspec.json.Decoder(StaffFeePlanRequest)
CHANGE_ORIGIN: Final = msgspec.json.Decoder(StaffOriginRequest)
DECIDE_RAW_CARDS: Final = msgspec.json.Decoder(StaffRawCardDecisionRequest)
