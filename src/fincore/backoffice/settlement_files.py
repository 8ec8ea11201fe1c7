"""Settlement files and their sources, as staff see them: fetched on demand, listed, with what is late or missing."""

from collections.abc import Iterator, Sequence

import msgspec

from fincore.domain.ids import SettlementFileId
from fincore.postgres.pool import Pool
from fincore.reconciliation import file_actions
from fincore.reconciliation.fetcher import Fetcher
from fincore.reconciliation.fetching.look import Look
from fincore.reconciliation.file_actions import DecidedFile
from fincore.reconciliation.file_decision import FileDecision, FileStatus
from fincore.reconciliation.files import SettlementFile, SettlementFiles
from fincore.reconciliation.source import SettlementSource
from fincore.reconciliation.sources import Gap, Sources, SourceStanding


class ListedSource(msgspec.Struct, frozen=True):
    """A source, and what is missing between its files."""

    standing: SourceStanding
    gaps: tuple[Gap, ...]


async def fetch(
    ledgerdb: Pool, fetcher: Fetcher, declared: Sequence[SettlementSource], names: Sequence[str]
) -> dict[str, Look | None]:
    """Look at the named sources of those declared, one after the other; None for one at which another process looks now."""
    await Sources(ledgerdb).declare(declared)
    return {name: await fetcher.look(name) for name in names}


async def list_files(
    ledgerdb: Pool, *, limit: int, source: str | None, status: FileStatus | None
) -> list[SettlementFile]:
    """The files, the newest first."""
    return await SettlementFiles(ledgerdb).list(limit=limit, source=source, status=status)


async def decide_file(ledgerdb: Pool, file_id: SettlementFileId, decision: FileDecision) -> DecidedFile:
    """Have a file read again, released or dismissed. Raise `FileNotChanged`, `BreakNotChanged`."""
    return await file_actions.decide_file(ledgerdb, file_id, decision)


async def list_sources(ledgerdb: Pool) -> list[ListedSource]:
    """The declared sources, by name."""
    sources = Sources(ledgerdb)
    gaps = await sources.gaps()
    return [
        ListedSource(one, tuple(gap for gap in gaps if gap.source == one.source))
        for one in await sources.standings()
    ]


def remarks(file: SettlementFile) -> Iterator[str]:
    """What is remarkable about a file, as short texts."""
    if file.refusal is not None:
        line = "" if file.refusal_line is None else f"line {file.refusal_line:,}: "
        yield f"{line}{file.refusal}"
    if file.replaces is not None:
        yield f"replaces {file.replaces}"
    if file.decision is not None:
        yield file.decision
    if file.doubled:
        yield f"came {file.doubled + 1:,} times"
