"""What `fincore reconcile` can do about settlement files: fetch them, list them, show how their sources stand."""

import os
import re
import sys
from typing import Annotated, Final

from cyclopts import Parameter

from fincore.backoffice import settlement_files
from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operator_stores import operator_stores
from fincore.bootstrap.reconciliation import fetcher_of
from fincore.bootstrap.secret_stores import secret_resolver
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.settlement_evidence import open_evidence
from fincore.bootstrap.settlement_sources.reached_sources import asked_accounts
from fincore.cli.arguments import AccountId, By, Limit, Reason, SettlementFile
from fincore.cli.stores import on_installation, on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.errors import UsageError
from fincore.domain.ids import SettlementFileId
from fincore.reconciliation.fetching.look import Look
from fincore.reconciliation.file_actions import DecidedFile
from fincore.reconciliation.file_decision import FileDecision, FileStatus
from fincore.reconciliation.parsed_file import FileFormat

EXIT_FAILED: Final = 1
EVENTSTORE: Final = "eventstore"
LEDGERDB: Final = "ledgerdb"

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")


def _source_name(_: object, given: object) -> None:
    if isinstance(given, str) and not _NAME.fullmatch(given):
        raise UsageError(
            f"{given[:60]!r} is no name of a source: `fincore reconcile sources` lists the sources"
        )


Source = Annotated[
    str | None, Parameter(validator=_source_name, help="The name of one source; all of them unless given.")
]


def fetch(*, source: Source = None) -> None:
    """Fetch new settlement files now; exit with 1 if a source could not be read.

    The role `reconciliation` does the same at the times of each source. The files are kept as they came, and nothing is deleted at
    the source.
    """
    looks = on_installation(lambda settings, databases: _fetch(settings, databases, source))
    show_table(
        ("source", "file", "name", "bytes", "finding"),
        [
            (one.source, one.file_id, one.name, f"{one.size_bytes:,}", one.finding)
            for look in looks.values()
            if look is not None
            for one in look.fetched
        ],
    )
    failures = {
        name: "another process looks at it now: repeat the command later" if look is None else look.failure
        for name, look in looks.items()
    }
    for name, failure in failures.items():
        if failure is not None:
            show(f"{name}: {failure}")
    if any(failures.values()):
        sys.exit(EXIT_FAILED)


async def _fetch(settings: Settings, databases: Databases, source: str | None) -> dict[str, Look | None]:
    declared = {one.source.name: one.source for one in settings.settlement_sources_file}
    if not declared:
        raise UsageError(
            "no source is declared: set FINCORE_SETTLEMENT_SOURCES_FILE to a file that declares them"
        )
    if source is not None and source not in declared:
        raise UsageError(f"there is no source {source[:60]!r}: choose one of {', '.join(declared)}")
    # What is asked of a PSP about payouts is recorded in the log.
    needed = (EVENTSTORE, LEDGERDB) if asked_accounts(settings) else (LEDGERDB,)
    async with open_evidence(settings) as evidence, operator_stores(databases, *needed) as stores:
        return await settlement_files.fetch(
            stores.ledgerdb,
            fetcher_of(
                settings,
                stores,
                stores.writer,
                evidence,
                secret_resolver(settings, os.environ),
                clock=stores.clock,
            ),
            list(declared.values()),
            list(declared) if source is None else [source],
        )


def files(*, source: Source = None, status: FileStatus | None = None, limit: Limit = 100) -> None:
    """List settlement files, the newest first, with the hash of each and why one was refused.

    Parameters
    ----------
    source
        Only files of this source.
    status
        Only files with this status: kept, refused, read, booked or dismissed.
    limit
        Rows to list.

    """
    rows = on_stores(
        lambda stores: settlement_files.list_files(
            stores.ledgerdb, limit=limit, source=source, status=status
        ),
        LEDGERDB,
    )
    show_table(
        ("file", "source", "account", "fetched", "bytes", "status", "name", "sha256", "remarks"),
        [
            (
                one.file_id,
                one.source,
                f"{one.psp}/{one.psp_account}",
                moment_text(one.fetched_at),
                f"{one.size_bytes:,}",
                one.status,
                one.name,
                one.sha256,
                "; ".join(settlement_files.remarks(one)),
            )
            for one in rows
        ],
    )


def read_again(
    file_id: SettlementFile,
    *,
    file_format: Annotated[FileFormat | None, Parameter(name="--format")] = None,
    account: AccountId | None = None,
    reason: Reason,
    by: By,
) -> None:
    """Have the next run read a refused file again, where its format or its account was declared wrong. The file itself stays as it came.

    Parameters
    ----------
    file_format
        What the file is, where it is not what its source was declared with.

    """
    decision = FileDecision(
        action="read_again", actor=f"operator:{by}", reason=reason, format=file_format, account_id=account
    )
    _decide(file_id, decision)


def release(file_id: SettlementFile, *, reason: Reason, by: By) -> None:
    """Have the next run read a file that came under the name of another one and is of another day, or one that was dismissed."""
    _decide(file_id, FileDecision(action="release", actor=f"operator:{by}", reason=reason))


def dismiss(file_id: SettlementFile, *, reason: Reason, by: By) -> None:
    """Say that a refused file, or one that came under the name of another one, must not be booked. Its break is closed."""
    _decide(file_id, FileDecision(action="dismiss", actor=f"operator:{by}", reason=reason))


def _decide(file_id: SettlementFileId, decision: FileDecision) -> None:
    decided = on_stores(
        lambda stores: settlement_files.decide_file(stores.ledgerdb, file_id, decision), LEDGERDB
    )
    show(decided_text(decided))


def decided_text(decided: DecidedFile) -> str:
    """What a decision did."""
    follows = (
        "the next run reads it: `fincore reconcile run`"
        if decided.status == "kept"
        else "it is not booked, unless it is released"
    )
    again = "; this was recorded before, and is not recorded twice" if decided.is_repeated else ""
    return f"{decided.name} ({decided.file_id}): {decided.status}; {follows}{again}"


def sources() -> None:
    """List the sources of settlement files: when each was read, why it could not be, what is late or missing."""
    standings = on_stores(lambda stores: settlement_files.list_sources(stores.ledgerdb), LEDGERDB)
    show_table(
        ("source", "account", "mode", "format", "schedule", "read", "late since", "missing", "failure"),
        [
            (
                one.standing.source,
                f"{one.standing.psp}/{one.standing.psp_account}",
                "live" if one.standing.livemode else "test",
                one.standing.format,
                one.standing.cron,
                moment_text(one.standing.fetched_at),
                moment_text(one.standing.late_since),
                "; ".join(gap.sentence for gap in one.gaps),
                one.standing.failure or "",
            )
            for one in standings
        ],
    )
