"""A list of staff and its entries, as they are told. Pure."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from fincore.domain.ids import MerchantId
from fincore.write.risk.store import ListKind, ListName


class RiskList(msgspec.Struct, frozen=True, kw_only=True):
    """A list, with how many entries count now."""

    name: ListName
    kind: ListKind
    created_at: datetime
    created_by: str
    reason: str
    entries: int


class NewEntry(NamedTuple):
    """A value for a list, as its kind writes it. `merchant_id`: for charges of that merchant alone."""

    value: str
    reason: str
    merchant_id: MerchantId | None = None
    expires_at: datetime | None = None


class ListEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a list, with who added it and why, and the same of its removal."""

    entry_id: int
    list: ListName
    value: str
    merchant_id: MerchantId | None
    expires_at: datetime | None
    added_at: datetime
    added_by: str
    reason: str
    removed_at: datetime | None
    removed_by: str | None
    removal_reason: str | None
