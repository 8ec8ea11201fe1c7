"""A kept card as merchants see it: never its number, and never its fingerprint.

With a fingerprint, a stolen secret key could be used to find the hidden digits of kept cards: keep each number that they may be, and
compare.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.public.fields import CreatedAt, HasMore, Livemode, NextCursor, ObjectName
from fincore.write.vault.kept_cards import KeptCardFacts


class KeptCardBody(msgspec.Struct, frozen=True, kw_only=True):
    """A card that FinCore keeps for you."""

    id: Annotated[str, Meta(description="The card's id.", examples=["card_01kab5m5wvfb9v1c2m5hfv0d2e"])]
    object: Annotated[Literal["card"], ObjectName] = "card"
    livemode: Livemode
    brand: Annotated[
        str | None,
        Meta(description="The card network; null for one that FinCore has no word for.", examples=["visa"]),
    ]
    first6: Annotated[
        str | None,
        Meta(
            description="The first six digits, which tell the issuer; null for a number of fewer than 14 digits, and for a "
            "deleted card.",
            examples=["424242"],
        ),
    ]
    last4: Annotated[str, Meta(description="The last four digits.", examples=["4242"])]
    expiry_month: Annotated[int, Meta(description="The month in which it expires, from 1.", examples=[12])]
    expiry_year: Annotated[int, Meta(description="The year in which it expires.", examples=[2034])]
    created_at: CreatedAt
    deleted_at: Annotated[
        datetime | None,
        Meta(
            description="When you deleted it, or the operator gave it up because its key was lost; null while FinCore keeps it."
        ),
    ]


class KeptCardListBody(msgspec.Struct, frozen=True, kw_only=True):
    """A page of kept cards, newest first."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[KeptCardBody], Meta(description="The cards of this page.")]
    has_more: HasMore
    next_cursor: NextCursor


def kept_card_body(card: KeptCardFacts) -> KeptCardBody:
    """A kept card."""
    return KeptCardBody(
        id=card.card_id,
        livemode=card.livemode,
        brand=card.brand,
        first6=card.first6,
        last4=card.last4,
        expiry_month=card.expiry_month,
        expiry_year=card.expiry_year,
        created_at=card.kept_at,
        deleted_at=card.deleted_at,
    )
