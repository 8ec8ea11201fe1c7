"""Accounts of the ledger as staff see them. Pure."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.ids import public_event_id
from fincore.public.fields import CurrencyCode, HasMore, NextCursor, ObjectName
from fincore.read.ledger.accounts import CHART, NoSuchAccount, parse_account
from fincore.read.ledgerdb.account_statement import AccountPosting, StatementBounds
from fincore.read.ledgerdb.balances import AccountBalance
from fincore.read.ledgerdb.ledger_moment import LedgerMoment
from fincore.read.ledgerdb.legs import Purpose

AccountType = Literal["asset", "liability", "equity", "revenue", "expense"]
Side = Literal["debit", "credit"]


class StaffLedgerAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account of the ledger, as it stood after an entry."""

    object: Annotated[Literal["ledger_account"], ObjectName] = "ledger_account"
    id: Annotated[
        str,
        Meta(
            description="Its name: segments joined by colons, the currency last.",
            examples=["psp:stripe:default:clearing:usd"],
        ),
    ]
    type: Annotated[AccountType, Meta(description="The kind of account.")]
    normal_side: Annotated[Side, Meta(description="The side on which the account grows.")]
    currency: CurrencyCode
    owner: Annotated[str | None, Meta(description="The merchant or the PSP that it is about; null: our own.")]
    meaning: Annotated[str, Meta(description="What a balance of an account of this kind means.")]
    balance_minor: Annotated[int, Meta(description="The balance on the normal side.")]
    postings: Annotated[int, Meta(description="How many postings the account had.")]
    as_of_entry: Annotated[
        int, Meta(description="The last entry that counts. Send it as `entry` to see the same again.")
    ]


class StaffLedgerAccountList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of accounts."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffLedgerAccount], Meta(description="The accounts by name.")]
    has_more: HasMore
    next_cursor: NextCursor


class StaffStatement(msgspec.Struct, frozen=True, kw_only=True):
    """An account over the entries booked in a time: opening and postings make the close."""

    object: Annotated[Literal["ledger_statement"], ObjectName] = "ledger_statement"
    account: Annotated[StaffLedgerAccount, Meta(description="The account, as it is now.")]
    first_entry: Annotated[
        int | None, Meta(description="The first entry of the time; null: none was booked.")
    ]
    last_entry: Annotated[int | None, Meta(description="The last entry of the time; null: none was booked.")]
    opening_minor: Annotated[int, Meta(description="The balance before the time, on the normal side.")]
    closing_minor: Annotated[int, Meta(description="The balance at the end of the time.")]
    postings: Annotated[int, Meta(description="How many postings lie between.")]


class StaffPosting(msgspec.Struct, frozen=True, kw_only=True):
    """One posting of an account, and the balance that it left."""

    object: Annotated[Literal["posting"], ObjectName] = "posting"
    id: Annotated[str, Meta(description="The entry's number and the leg's.", examples=["4711-2"])]
    entry: Annotated[int, Meta(description="The number of its entry.")]
    event: Annotated[
        str | None,
        Meta(description="The event that the entry books; null: an operator or an upgrade booked it."),
    ]
    subject: Annotated[
        str | None,
        Meta(description="The charge, payout, settlement file or adjustment that it is of; null: of none."),
    ]
    kind: Annotated[str, Meta(description="What happened.", examples=["charge.captured"])]
    purpose: Annotated[Purpose, Meta(description="What the movement is for.")]
    description: Annotated[str, Meta(description="The PSP and what it calls the thing.")]
    effective_at: Annotated[datetime, Meta(description="When the money moved at the PSP.")]
    booked_at: Annotated[datetime, Meta(description="When it was booked.")]
    late_for: Annotated[
        date | None,
        Meta(description="The closed month in which it happened, by its first day; null: it came in time."),
    ]
    side: Annotated[Side, Meta(description="Whether it is a debit or a credit.")]
    amount_minor: Annotated[int, Meta(description="The amount, always positive.")]
    currency: CurrencyCode
    balance_minor: Annotated[int, Meta(description="The balance after it, on the account's normal side.")]


class StaffPostingList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of postings."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffPosting], Meta(description="The postings, the last booked first.")]
    has_more: HasMore
    next_cursor: NextCursor


def render_account(account: AccountBalance, moment: LedgerMoment) -> StaffLedgerAccount:
    """An account as it stood at a moment."""
    return StaffLedgerAccount(
        id=account.name,
        type=account.type,
        normal_side=account.normal_side,
        currency=account.currency,
        owner=account.owner or None,
        meaning=_meaning(account.name),
        balance_minor=account.balance_minor,
        postings=account.version,
        as_of_entry=moment.entry_id,
    )


def render_statement(bounds: StatementBounds, moment: LedgerMoment) -> StaffStatement:
    """What an account held at both ends."""
    first, last = bounds.entries
    has_entries = first <= last
    return StaffStatement(
        account=render_account(bounds.account, moment),
        first_entry=first if has_entries else None,
        last_entry=last if has_entries else None,
        opening_minor=bounds.opening_minor,
        closing_minor=bounds.closing_minor,
        postings=bounds.postings,
    )


def render_posting(posting: AccountPosting, bounds: StatementBounds) -> StaffPosting:
    """A posting of the account."""
    return StaffPosting(
        id=f"{posting.place.entry_id}-{posting.place.leg}",
        entry=posting.place.entry_id,
        event=public_event_id(posting.event_id) if posting.source == "event" else None,
        subject=posting.subject,
        kind=posting.kind,
        purpose=posting.purpose,
        description=posting.description,
        effective_at=posting.effective_at,
        booked_at=posting.booked_at,
        late_for=posting.late_for,
        side=posting.side,
        amount_minor=posting.amount_minor,
        currency=bounds.account.currency,
        balance_minor=posting.balance_minor,
    )


def _meaning(name: str) -> str:
    try:
        return CHART[parse_account(name).code].meaning
    except NoSuchAccount:
        return ""
