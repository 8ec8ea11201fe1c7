"""What a search takes and answers."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.backoffice.payment_search import FoundObject, Group
from fincore.backoffice.search_readings import QUERY_CHARACTERS_MAX, ReadingKind
from fincore.public.fields import ObjectName
from fincore.staff.charge_summary import StaffChargeSummary, charge_summary
from fincore.staff.payment_scope import NO_NUL, MerchantField, ModeField


class StaffSearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to search for. It is sent in a body: what customers say of themselves belongs into no address and no log."""

    mode: ModeField
    merchant: MerchantField = None
    query: Annotated[
        str,
        Meta(
            description="What the customer says: an id, an e-mail address, the last four digits of a card, an amount, an order number, an id at a PSP, "
            "or how one of these begins.",
            min_length=1,
            max_length=QUERY_CHARACTERS_MAX,
            pattern=NO_NUL,
            examples=["19,99 EUR"],
        ),
    ]


class StaffSearchHit(msgspec.Struct, frozen=True, kw_only=True):
    """An object that was found."""

    object: Annotated[FoundObject, Meta(description="The kind of object.")]
    id: Annotated[str, Meta(description="Its id.")]
    charge: Annotated[
        StaffChargeSummary | None,
        Meta(description="The charge that it is, or belongs to; null: it belongs to none."),
    ]


class StaffSearchGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What was found because one thing matched."""

    matched: Annotated[ReadingKind, Meta(description="What the text was taken for.")]
    is_prefix: Annotated[
        bool,
        Meta(description="`true`: nothing is exactly the text, and these begin with it."),
    ]
    hits: Annotated[
        list[StaffSearchHit],
        Meta(
            description="What was found, newest first; none where FinCore looked at as much as it may and found nothing yet."
        ),
    ]
    has_more: Annotated[bool, Meta(description="Whether there is, or may be, more than is shown.")]


class StaffSearchResult(msgspec.Struct, frozen=True, kw_only=True):
    """All that a text finds, grouped by what matched."""

    object: Annotated[Literal["search_result"], ObjectName] = "search_result"
    groups: Annotated[
        list[StaffSearchGroup],
        Meta(description="The groups that found anything, or may have more, the narrowest first."),
    ]


def search_result(groups: list[Group]) -> StaffSearchResult:
    """The answer to a search."""
    return StaffSearchResult(
        groups=[
            StaffSearchGroup(
                matched=group.matched,
                is_prefix=group.is_prefix,
                has_more=group.has_more,
                hits=[
                    StaffSearchHit(
                        object=hit.object,
                        id=hit.object_id,
                        charge=charge_summary(hit.charge.charge_id, hit.charge.charge)
                        if hit.charge
                        else None,
                    )
                    for hit in group.hits
                ],
            )
            for group in groups
        ]
    )
