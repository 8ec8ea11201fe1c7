"""What staff ask for risk rules. Pure."""

from datetime import date
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.staff.access.person import Mode
from fincore.staff.acting import Reasoned

TEXT_CHARACTERS_MAX: Final = 100_000
"""Of rules that come in a request; `fincore risk draft` takes longer ones from a file."""
CHARGES_MAX: Final = 2_000
NAMED_MAX: Final = 100
_VERSION_MAX: Final = 999_999_999

_Text = Annotated[
    str, Meta(max_length=TEXT_CHARACTERS_MAX, description="The rules, in TOML, as the risk guide describes.")
]


class StaffRiskCheckRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text to check."""

    text: _Text


class StaffRiskDraftRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text to keep as a draft."""

    text: _Text


class StaffRiskUseRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Use a version in another way."""


class StaffRiskBackTestRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rules to try, on which charges: name a version, or send a text."""

    version: (
        Annotated[int, Meta(ge=1, le=_VERSION_MAX, description="The version; null where a text is sent.")]
        | None
    ) = None
    text: (
        Annotated[
            str, Meta(max_length=TEXT_CHARACTERS_MAX, description="The rules; null where a version is named.")
        ]
        | None
    ) = None
    since: Annotated[date | None, Meta(description="The first day by UTC; null: the first of all.")] = None
    until: Annotated[date | None, Meta(description="The last day, included; null: the last of all.")] = None
    merchant: (
        Annotated[
            str,
            Meta(pattern="^mer_", max_length=64, description="Only charges of this merchant; null: of all."),
        ]
        | None
    ) = None
    mode: Annotated[Mode | None, Meta(description="Only charges of this mode; null: of both.")] = None
    charges_max: Annotated[
        int, Meta(ge=1, le=CHARGES_MAX, description="Look at no more charges than that, the first ones.")
    ] = CHARGES_MAX
    named_max: Annotated[
        int,
        Meta(ge=0, le=NAMED_MAX, description="How many charges to name that were decided otherwise then."),
    ] = 20


CHECK: Final = msgspec.json.Decoder(StaffRiskCheckRequest)
DRAFT: Final = msgspec.json.Decoder(StaffRiskDraftRequest)
USE: Final = msgspec.json.Decoder(StaffRiskUseRequest)
BACK_TEST: Final = msgspec.json.Decoder(StaffRiskBackTestRequest)
