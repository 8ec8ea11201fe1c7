"""Sealed days as staff see them. Pure."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.public.fields import CurrencyCode, HasMore, NextCursor, ObjectName
from fincore.read.ledgerdb.day_verification import DayVerification
from fincore.read.ledgerdb.sealed_day_list import ListedDay


class StaffDebitSum(msgspec.Struct, frozen=True, kw_only=True):
    """What was debited in a currency, and so credited."""

    currency: CurrencyCode
    amount_minor: Annotated[int, Meta(description="The sum in the minor unit of `currency`.")]


class StaffSealedDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day of bookings (UTC) that is sealed, in one line to keep on another system."""

    object: Annotated[Literal["sealed_day"], ObjectName] = "sealed_day"
    id: Annotated[str, Meta(description="The day.", examples=["2026-11-26"])]
    first_entry: Annotated[int, Meta(description="Its first entry.")]
    last_entry: Annotated[int, Meta(description="Its last entry. `entry` of other requests takes it.")]
    entries: Annotated[int, Meta(description="How many entries it has, of both modes.")]
    postings: Annotated[int, Meta(description="How many postings it has, of both modes.")]
    debits: Annotated[list[StaffDebitSum], Meta(description="What was debited on it in the mode.")]
    manifest_hash: Annotated[
        str, Meta(description="The hash that vouches for every entry up to its end, in hexadecimal.")
    ]
    previous_hash: Annotated[str, Meta(description="The hash of the sealed day before it.")]
    sealed_at: Annotated[datetime, Meta(description="When it was sealed.")]


class StaffSealedDayList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of sealed days."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffSealedDay], Meta(description="The days, the latest first.")]
    has_more: HasMore
    next_cursor: NextCursor


class StaffLedgerFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as it was sealed."""

    where: Annotated[str, Meta(description="Which row.", examples=["entry 4711"])]
    what: Annotated[str, Meta(description="What is wrong with it.")]


class StaffDayVerification(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed day that was hashed again."""

    object: Annotated[Literal["day_verification"], ObjectName] = "day_verification"
    day: Annotated[date, Meta(description="The day.")]
    holds: Annotated[bool, Meta(description="Whether everything of it is as it was sealed.")]
    entries: Annotated[int, Meta(description="How many entries were hashed.")]
    postings: Annotated[int, Meta(description="How many postings they have.")]
    manifest_hash: Annotated[str, Meta(description="The hash that is kept of the day, in hexadecimal.")]
    findings: Annotated[list[StaffLedgerFinding], Meta(description="What is wrong, 100 at most.")]


def render_day(day: ListedDay, *, livemode: bool) -> StaffSealedDay:
    """A sealed day, with the sums of one mode."""
    return StaffSealedDay(
        id=day.day.isoformat(),
        first_entry=day.first_entry_id,
        last_entry=day.last_entry_id,
        entries=day.entries,
        postings=day.postings,
        debits=[
            StaffDebitSum(currency=currency, amount_minor=minor)
            for (is_live, currency), minor in sorted(day.debits_minor.items())
            if is_live == livemode
        ],
        manifest_hash=day.manifest_hash.hex(),
        previous_hash=day.previous_hash.hex(),
        sealed_at=day.sealed_at,
    )


def render_verification(found: DayVerification) -> StaffDayVerification:
    """What was found of a day."""
    return StaffDayVerification(
        day=found.day,
        holds=found.holds,
        entries=found.entries,
        postings=found.postings,
        manifest_hash=found.manifest_hash.hex(),
        findings=[StaffLedgerFinding(where=one.where, what=one.what) for one in found.findings],
    )
