"""Settlement files and their sources as staff see them. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.backoffice.settlement_files import ListedSource
from fincore.public.fields import CurrencyCode, HasMore, NextCursor, ObjectName
from fincore.reconciliation.file_actions import DecidedFile
from fincore.reconciliation.file_decision import FileAction, FileStatus
from fincore.reconciliation.files import Finding, SettlementFile
from fincore.reconciliation.pages.file_record import FileRecord
from fincore.reconciliation.parsed_file import FileFormat
from fincore.staff.access.person import Mode

FileIdText = Annotated[
    str, Meta(description="The id of the file.", examples=["sf_01h2xcejqtf2nbrexx3vqjhp41"])
]
FileAccount = Annotated[str, Meta(description="The PSP and the account.", examples=["paypal/default"])]
SourceName = Annotated[str, Meta(description="The source that it came from.")]
FileName = Annotated[str, Meta(description="Its name at the source.")]
Sha256 = Annotated[str, Meta(description="The hash of its bytes, in hexadecimal.")]
SizeBytes = Annotated[int, Meta(description="How many bytes it has.")]
FetchedAt = Annotated[datetime, Meta(description="When it was fetched.")]
Format = Annotated[FileFormat, Meta(description="As what it is read.")]
StatusOfFile = Annotated[
    FileStatus,
    Meta(
        description="`kept`: it waits to be read. `refused`: a parser does not understand it. `read`: its lines are stored. `booked`: its totals "
        "are in the log. `dismissed`: a person said that it must not be booked."
    ),
]
RefusalLine = Annotated[
    int | None, Meta(description="The line for which it was refused; null: no line, or not refused.")
]
Refusal = Annotated[str | None, Meta(description="Why it was refused; null: it was not.")]
Replaces = Annotated[str | None, Meta(description="The file that had its name before; null: none did.")]


class StaffSettlementFile(msgspec.Struct, frozen=True, kw_only=True):
    """A settlement file."""

    object: Annotated[Literal["settlement_file"], ObjectName] = "settlement_file"
    id: FileIdText
    account: FileAccount
    source: SourceName
    name: FileName
    format: Format
    status: StatusOfFile
    fetched_at: FetchedAt
    size_bytes: SizeBytes
    sha256: Sha256
    refusal_line: RefusalLine
    refusal: Refusal
    replaces: Replaces
    doubled: Annotated[int, Meta(description="How often the same bytes came again.")]
    decision: Annotated[
        str | None, Meta(description="What a person decided about it last, and why; null: nothing.")
    ]


class StaffSettlementFileList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of files."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffSettlementFile], Meta(description="The files, those fetched last first.")]
    has_more: HasMore
    next_cursor: NextCursor


class StaffStatedTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What a file states of one currency; null where its format does not say it."""

    currency: CurrencyCode
    beginning_minor: Annotated[int | None, Meta(description="The balance at its beginning.")]
    ending_minor: Annotated[int | None, Meta(description="The balance at its end.")]
    gross_credit_minor: Annotated[int | None, Meta(description="What came in.")]
    gross_debit_minor: Annotated[int | None, Meta(description="What went out, without a sign.")]
    fee_credit_minor: Annotated[int | None, Meta(description="Fees that came back.")]
    fee_debit_minor: Annotated[int | None, Meta(description="Fees, without a sign.")]
    rows: Annotated[int | None, Meta(description="How many lines it says that it has.")]


class StaffComputedTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines of a file add up to in one currency."""

    currency: CurrencyCode
    gross_credit_minor: Annotated[int, Meta(description="What came in.")]
    gross_debit_minor: Annotated[int, Meta(description="What went out, without a sign.")]
    fee_credit_minor: Annotated[int, Meta(description="Fees that came back.")]
    fee_debit_minor: Annotated[int, Meta(description="Fees, without a sign.")]
    rows: Annotated[int, Meta(description="How many lines there are.")]
    net_minor: Annotated[int, Meta(description="By how much they move the balance.")]


class StaffArrival(msgspec.Struct, frozen=True, kw_only=True):
    """A time at which a source offered the bytes of a file."""

    name: FileName
    arrived_at: Annotated[datetime, Meta(description="When.")]
    finding: Annotated[
        Finding, Meta(description="Whether the content was new, came again, or came under a name of before.")
    ]


class StaffFileDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided about a file."""

    action: Annotated[FileAction, Meta(description="What.")]
    status: Annotated[FileStatus, Meta(description="How the file stood after it.")]
    actor: Annotated[str, Meta(description="Who: `staff:` and a subject, or `operator:` and a name.")]
    by: Annotated[str, Meta(description="The actor's name.")]
    reason: Annotated[str, Meta(description="Why.")]
    acted_at: Annotated[datetime, Meta(description="When.")]


class StaffSettlementFileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A settlement file with what it states, what its lines add up to, and what may be decided about it now."""

    object: Annotated[Literal["settlement_file_record"], ObjectName] = "settlement_file_record"
    id: FileIdText
    mode: Annotated[Mode, Meta(description="In which mode.")]
    account: FileAccount
    source: SourceName
    name: FileName
    format: Format
    parser_version: Annotated[
        str | None, Meta(description="The version of the parser that read it; null: none did.")
    ]
    status: StatusOfFile
    fetched_at: FetchedAt
    size_bytes: SizeBytes
    sha256: Sha256
    refusal_line: RefusalLine
    refusal: Refusal
    account_id: Annotated[
        str | None, Meta(description="The account's id as it states it; null: it does not.")
    ]
    period_start: Annotated[datetime | None, Meta(description="When its period begins; null: not read.")]
    period_end: Annotated[datetime | None, Meta(description="When its period ends; null: not read.")]
    sequence: Annotated[
        int | None, Meta(description="Its number among files of the period; null: it has none.")
    ]
    stated: Annotated[list[StaffStatedTotals], Meta(description="Its control totals, as it states them.")]
    computed: Annotated[list[StaffComputedTotals], Meta(description="The same of its lines.")]
    lines: Annotated[int, Meta(description="How many lines are stored.")]
    open_lines: Annotated[int, Meta(description="How many of them are not matched wholly.")]
    run: Annotated[str | None, Meta(description="The run that took up its lines; null: none yet.")]
    break_id: Annotated[int | None, Meta(description="The last break of the whole file; null: it has none.")]
    replaces: Replaces
    arrivals: Annotated[list[StaffArrival], Meta(description="When it came, the last time first.")]
    decisions: Annotated[list[StaffFileDecision], Meta(description="What people decided, the last first.")]
    may: Annotated[list[FileAction], Meta(description="What a person may decide about it as it stands.")]


class StaffFileDecided(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision did to a file."""

    object: Annotated[Literal["settlement_file_decision"], ObjectName] = "settlement_file_decision"
    file: FileIdText
    status: Annotated[FileStatus, Meta(description="How the file stands after it.")]
    break_id: Annotated[int | None, Meta(description="Its break; null: it has none.")]
    decided_at: Annotated[datetime | None, Meta(description="When.")]


class StaffSource(msgspec.Struct, frozen=True, kw_only=True):
    """A declared source of settlement files."""

    object: Annotated[Literal["reconciliation_source"], ObjectName] = "reconciliation_source"
    id: Annotated[str, Meta(description="Its name.")]
    account: FileAccount
    format: Annotated[str, Meta(description="The format of its files.")]
    cron: Annotated[str, Meta(description="When it is looked at, in UTC, as five fields of cron.")]
    fetched_at: Annotated[datetime | None, Meta(description="When the last good look ended; null: none did.")]
    overdue_seconds: Annotated[int, Meta(description="How long a good look is missing; 0: none is.")]
    failures: Annotated[int, Meta(description="How many looks failed since.")]
    failure: Annotated[str | None, Meta(description="Why the last one failed; null: it did not.")]
    late_since: Annotated[
        datetime | None, Meta(description="Since when a further file is due; null: none is.")
    ]
    gaps: Annotated[list[str], Meta(description="What is missing between its files, in words.")]


class StaffSources(msgspec.Struct, frozen=True, kw_only=True):
    """The declared sources of a mode."""

    object: Annotated[Literal["reconciliation_sources"], ObjectName] = "reconciliation_sources"
    data: Annotated[list[StaffSource], Meta(description="The sources by name.")]


def render_file(one: SettlementFile) -> StaffSettlementFile:
    """A file of a list."""
    return StaffSettlementFile(
        id=one.file_id,
        account=f"{one.psp}/{one.psp_account}",
        source=one.source,
        name=one.name,
        format=one.format,
        status=one.status,
        fetched_at=one.fetched_at,
        size_bytes=one.size_bytes,
        sha256=one.sha256,
        refusal_line=one.refusal_line,
        refusal=one.refusal,
        replaces=one.replaces,
        doubled=one.doubled,
        decision=one.decision,
    )


def render_file_record(one: FileRecord) -> StaffSettlementFileRecord:
    """A file with all that is known of it."""
    return StaffSettlementFileRecord(
        id=one.file_id,
        mode="live" if one.livemode else "test",
        account=f"{one.psp}/{one.psp_account}",
        source=one.source,
        name=one.name,
        format=one.format,
        parser_version=one.parser_version,
        status=one.status,
        fetched_at=one.fetched_at,
        size_bytes=one.size_bytes,
        sha256=one.sha256,
        refusal_line=one.refusal_line,
        refusal=one.refusal,
        account_id=one.account_id,
        period_start=one.period_start,
        period_end=one.period_end,
        sequence=one.sequence,
        stated=[msgspec.convert(totals, StaffStatedTotals, from_attributes=True) for totals in one.stated],
        computed=[
            msgspec.convert(totals, StaffComputedTotals, from_attributes=True) for totals in one.computed
        ],
        lines=one.lines,
        open_lines=one.open_lines,
        run=one.run_id,
        break_id=one.break_id,
        replaces=one.replaces,
        arrivals=[msgspec.convert(came, StaffArrival, from_attributes=True) for came in one.arrivals],
        decisions=[msgspec.convert(made, StaffFileDecision, from_attributes=True) for made in one.decisions],
        may=list(one.may),
    )


def render_decided(decided: DecidedFile) -> StaffFileDecided:
    """What a decision did."""
    return StaffFileDecided(
        file=decided.file_id,
        status=decided.status,
        break_id=decided.break_id,
        decided_at=decided.decided_at,
    )


def render_source(one: ListedSource) -> StaffSource:
    """A source."""
    standing = one.standing
    return StaffSource(
        id=standing.source,
        account=f"{standing.psp}/{standing.psp_account}",
        format=standing.format,
        cron=standing.cron,
        fetched_at=standing.fetched_at,
        overdue_seconds=int(standing.overdue_seconds),
        failures=standing.failures,
        failure=standing.failure,
        late_since=standing.late_since,
        gaps=[gap.sentence for gap in one.gaps],
    )
