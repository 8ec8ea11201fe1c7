"""Entries of the ledger as staff see them. Pure."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.ids import public_event_id
from fincore.public.fields import CurrencyCode, HasMore, NextCursor, ObjectName
from fincore.read.event_facts import EventFacts
from fincore.read.ledgerdb.ledger_entries import LedgerEntry
from fincore.read.ledgerdb.legs import Purpose
from fincore.staff.access.person import Mode


class StaffEntryPosting(msgspec.Struct, frozen=True, kw_only=True):
    """One leg of an entry."""

    account: Annotated[str, Meta(description="The account.", examples=["merchant:mer_1:payable:usd"])]
    purpose: Annotated[Purpose, Meta(description="What the movement is for.")]
    side: Annotated[Literal["debit", "credit"], Meta(description="Whether it is a debit or a credit.")]
    amount_minor: Annotated[int, Meta(description="The amount, always positive.")]
    currency: CurrencyCode
    balance_minor: Annotated[
        int | None,
        Meta(
            description="What it left on the account, on its normal side; null: you may not see that account."
        ),
    ]


class StaffEntryEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The event that an entry books."""

    id: Annotated[str, Meta(description="Its id.", examples=["evt_01kab5m5wvfb9v1c2m5hfv0d2e"])]
    type: Annotated[str, Meta(description="What happened.", examples=["charge.captured"])]
    version: Annotated[int, Meta(description="Its place in its stream, from 1.")]
    recorded_at: Annotated[datetime, Meta(description="When FinCore recorded it.")]
    actor: Annotated[str, Meta(description="Who caused it.", examples=["worker", "staff:9f1c2d"])]
    correlation: Annotated[str, Meta(description="The request or job that began it all.")]
    causation: Annotated[
        str | None, Meta(description="What directly led to it, such as a PSP's event; null: unknown.")
    ]


class StaffLedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry: debits equal credits in each currency, and it never changes."""

    object: Annotated[Literal["ledger_entry"], ObjectName] = "ledger_entry"
    id: Annotated[str, Meta(description="Its number: entries have no hole.", examples=["4711"])]
    mode: Annotated[Mode, Meta(description="In which mode.")]
    source: Annotated[Literal["event", "operator", "upgrade"], Meta(description="What booked it.")]
    kind: Annotated[str, Meta(description="What happened.", examples=["charge.captured"])]
    subject: Annotated[
        str | None,
        Meta(description="The charge, payout, settlement file or adjustment that it is of; null: of none."),
    ]
    effective_at: Annotated[datetime, Meta(description="When the money moved at the PSP.")]
    booked_at: Annotated[datetime, Meta(description="When it was booked.")]
    late_for: Annotated[
        date | None,
        Meta(description="The closed month in which it happened, by its first day; null: it came in time."),
    ]
    description: Annotated[str, Meta(description="The PSP and what it calls the thing.")]
    reason: Annotated[
        str | None,
        Meta(description="Why an operator booked it, or why something of it is in suspense; null: neither."),
    ]
    booked_by: Annotated[str | None, Meta(description="The operator who booked it; null: an event did.")]
    clears_entry: Annotated[
        int | None, Meta(description="The entry of which it clears the suspense; null: of none.")
    ]
    chain_hash: Annotated[
        str | None,
        Meta(description="The seal of it and all before it, in hexadecimal; null: it waits for its seal."),
    ]
    postings: Annotated[list[StaffEntryPosting], Meta(description="Its legs.")]
    event: Annotated[
        StaffEntryEvent | None,
        Meta(description="The event that it books, where one entry is asked for; null: none, or in a list."),
    ]


class StaffLedgerEntryList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of entries."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffLedgerEntry], Meta(description="The entries, the last booked first.")]
    has_more: HasMore
    next_cursor: NextCursor


def render_entry(entry: LedgerEntry, event: EventFacts | None = None) -> StaffLedgerEntry:
    """An entry, with its event where that was read."""
    return StaffLedgerEntry(
        id=str(entry.entry_id),
        mode="live" if entry.livemode else "test",
        source=entry.source,
        kind=entry.kind,
        subject=entry.subject,
        effective_at=entry.effective_at,
        booked_at=entry.booked_at,
        late_for=entry.late_for,
        description=entry.description,
        reason=entry.reason,
        booked_by=entry.booked_by,
        clears_entry=entry.clears_entry_id,
        chain_hash=None if entry.chain_hash is None else entry.chain_hash.hex(),
        postings=[
            StaffEntryPosting(
                account=one.account,
                purpose=one.purpose,
                side=one.side,
                amount_minor=one.amount_minor,
                currency=one.currency,
                balance_minor=one.balance_minor,
            )
            for one in entry.postings
        ],
        event=None
        if event is None
        else StaffEntryEvent(
            id=public_event_id(entry.event_id),
            type=event.type,
            version=event.version,
            recorded_at=event.recorded_at,
            actor=event.actor,
            correlation=event.correlation,
            causation=event.causation,
        ),
    )
