"""What staff ask for lists of risk. Pure."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from fincore.staff.acting import Reasoned
from fincore.write.risk.store import ListKind

VALUE_CHARACTERS_MAX: Final = 500
IMPORTED_AT_ONCE_MAX: Final = 500
"""Entries of one request, which are one transaction; `fincore risk lists import` takes a file of any length."""

_Value = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=VALUE_CHARACTERS_MAX,
        description="The value, as the kind of the list has it.",
    ),
]
_Merchant = Annotated[
    str, Meta(pattern="^mer_", max_length=64, description="Only for charges of this merchant; null: for all.")
]
_Expires = Annotated[datetime, Meta(tz=True, description="The entry counts until then; null: for good.")]


class StaffRiskListRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Create an empty list."""

    name: Annotated[
        str,
        Meta(
            pattern="^[a-z0-9][a-z0-9_]{0,59}$",
            description="Its name, by which rules ask for it.",
            examples=["blocked_emails"],
        ),
    ]
    kind: Annotated[ListKind, Meta(description="What it holds.")]


class StaffRiskEntryRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Add a value to a list."""

    value: _Value
    merchant: _Merchant | None = None
    expires_at: _Expires | None = None


class StaffRiskEntryRemovalRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Remove a value from a list."""

    value: _Value
    merchant: _Merchant | None = None


class StaffImportedEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value to add."""

    value: _Value
    merchant: _Merchant | None = None
    expires_at: _Expires | None = None


class StaffRiskImportRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Add several values to a list, all or none."""

    entries: Annotated[
        tuple[StaffImportedEntry, ...],
        Meta(min_length=1, max_length=IMPORTED_AT_ONCE_MAX, description="The values."),
    ]


class StaffRiskEntrySearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value to look for in all lists."""

    value: _Value


CREATE: Final = msgspec.json.Decoder(StaffRiskListRequest)
ADD: Final = msgspec.json.Decoder(StaffRiskEntryRequest)
REMOVE: Final = msgspec.json.Decoder(StaffRiskEntryRemovalRequest)
IMPORT: Final = msgspec.json.Decoder(StaffRiskImportRequest)
SEARCH: Final = msgspec.json.Decoder(StaffRiskEntrySearch)
