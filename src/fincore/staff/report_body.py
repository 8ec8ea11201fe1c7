"""What reports of runs and of days have in common, as staff see them. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.public.fields import CurrencyCode
from fincore.reconciliation.breaks.break_status import StandingStatus
from fincore.reconciliation.matching.differences import BreakClass
from fincore.reconciliation.report.run_report import AdjustedKind, AgeSum, Tie, TieAccount

ReportHash = Annotated[str, Meta(description="The hash of the whole report as JSON, in hexadecimal.")]
HashBefore = Annotated[
    str | None, Meta(description="The hash of the report before it; null: it is the first.")
]
Flaw = Annotated[
    str | None, Meta(description="Why it is not the report that was hashed then; null: it is that one.")
]
IsSound = Annotated[bool, Meta(description="Whether it is the report of then, and every equation holds.")]
ReportForm = Literal["html", "csv", "json"]


class StaffAgeSum(msgspec.Struct, frozen=True, kw_only=True):
    """What is of an age in whole days."""

    from_days: Annotated[int, Meta(description="From so many days.")]
    to_days: Annotated[int | None, Meta(description="To so many days; null: and older.")]
    items: Annotated[int, Meta(description="How many items.")]
    amount_minor: Annotated[int, Meta(description="What they come to.")]


class StaffUnclearedMoney(msgspec.Struct, frozen=True, kw_only=True):
    """The headline: what PSPs took in a currency and no statement has told of, by age."""

    currency: CurrencyCode
    amount_minor: Annotated[int, Meta(description="What it comes to.")]
    by_age: Annotated[list[StaffAgeSum], Meta(description="The same by age.")]


class StaffTiePart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an equation."""

    name: Annotated[str, Meta(description="What it is.", examples=["uncleared"])]
    amount_minor: Annotated[int, Meta(description="The amount.")]


class StaffTie(msgspec.Struct, frozen=True, kw_only=True):
    """An equation between the report and the ledger: the account holds what the parts add up to."""

    account: Annotated[TieAccount, Meta(description="Which account of the ledger.")]
    ledger_minor: Annotated[int, Meta(description="What it holds.")]
    parts: Annotated[list[StaffTiePart], Meta(description="What that is made of.")]
    difference_minor: Annotated[
        int, Meta(description="What the ledger holds beyond the parts; 0: the equation holds.")
    ]


class StaffMatchedSum(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of one kind that were matched, and what of them."""

    kind: Annotated[str, Meta(description="The kind of line.", examples=["payment"])]
    lines: Annotated[int, Meta(description="How many lines.")]
    gross_minor: Annotated[int, Meta(description="What of their amounts.")]
    fee_minor: Annotated[int, Meta(description="What of their fees.")]


class StaffAdjustedSum(msgspec.Struct, frozen=True, kw_only=True):
    """What people decided and the ledger has booked, of one kind."""

    kind: Annotated[AdjustedKind, Meta(description="What they decided.")]
    adjustments: Annotated[int, Meta(description="How many.")]
    gross_minor: Annotated[int, Meta(description="Their amounts.")]
    fee_minor: Annotated[int, Meta(description="Their fees.")]


class StaffReportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of which a run took up the lines."""

    id: Annotated[str, Meta(description="The id of the file.", examples=["sf_01h2xcejqtf2nbrexx3vqjhp41"])]
    name: Annotated[str, Meta(description="Its name.")]
    source: Annotated[str, Meta(description="The source that it came from.")]
    account: Annotated[str, Meta(description="The PSP and the account.", examples=["paypal/default"])]
    sha256: Annotated[str, Meta(description="The hash of its bytes.")]


class StaffReportedBreaks(msgspec.Struct, frozen=True, kw_only=True):
    """The breaks of one status, account, currency and class."""

    account: Annotated[str, Meta(description="The PSP and the account.", examples=["paypal/default"])]
    currency: Annotated[str | None, Meta(description="ISO 4217 code in lower case; null: of whole files.")]
    break_class: Annotated[BreakClass, Meta(description="What is different.")]
    status: Annotated[
        StandingStatus | None,
        Meta(description="How they stand; null: it is of breaks that opened or closed."),
    ]
    breaks: Annotated[int, Meta(description="How many.")]
    amount_minor: Annotated[int | None, Meta(description="What they come to; null: of whole files.")]


def render_ages(ages: tuple[AgeSum, ...]) -> list[StaffAgeSum]:
    """Sums by age."""
    return [msgspec.convert(one, StaffAgeSum, from_attributes=True) for one in ages]


def render_tie(tie: Tie) -> StaffTie:
    """An equation."""
    return StaffTie(
        account=tie.account,
        ledger_minor=tie.ledger_minor,
        parts=[StaffTiePart(name=name, amount_minor=minor) for name, minor in tie.parts],
        difference_minor=tie.difference_minor,
    )
