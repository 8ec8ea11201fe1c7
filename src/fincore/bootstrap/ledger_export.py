"""The books on their way out: into a file that is whole or absent, or to standard output."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operations import stores_of
from fincore.domain.errors import ConfigurationError, UsageError
from fincore.read.ledgerdb.export import LedgerExport
from fincore.read.ledgerdb.export_formats import FORMATS, ExportFormat


async def export_ledger(
    databases: Databases,
    *,
    file_format: ExportFormat,
    livemode: bool,
    from_day: date | None,
    to_day: date | None,
    file: Path | None,
    may_replace: bool,
) -> None:
    """Write one mode of the ledger to `file`, or to standard output where there is none.

    Raises `UsageError` for days in the wrong order, and `ConfigurationError` for a file that exists (unless it may be replaced) or
    cannot be written. A failed export leaves the file as it was.
    """
    if from_day and to_day and from_day > to_day:
        raise UsageError(f"--from {from_day} is after --to {to_day}: exchange them")
    async with stores_of(databases, "ledgerdb") as stores:
        export = LedgerExport(stores.ledgerdb, livemode=livemode, from_day=from_day, to_day=to_day)
        with _writer(file, may_replace=may_replace) as write:
            async for piece in export.pieces(FORMATS[file_format]):
                write(piece)


@contextmanager
def _writer(file: Path | None, *, may_replace: bool) -> Iterator[Callable[[str], object]]:
    if file is None:
        yield sys.stdout.write
        sys.stdout.flush()
        return
    with _refusals_of(file):
        if file.exists() and not may_replace:
            raise _exists(file)
        # Only its owner may read what mkstemp makes: the owner decides who else may read the books.
        descriptor, draft = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened:

            def write(piece: str) -> None:
                with _refusals_of(file):
                    opened.write(piece)

            yield write
            with _refusals_of(file):
                opened.flush()
                os.fsync(opened.fileno())
                if may_replace:
                    Path(draft).replace(file)
                else:
                    os.link(draft, file)  # unlike a rename, it fails where a file has come meanwhile
    finally:
        Path(draft).unlink(missing_ok=True)


@contextmanager
def _refusals_of(file: Path) -> Iterator[None]:
    """What the file system refuses, in words; errors of the database are none of it."""
    try:
        yield
    except FileExistsError as error:
        raise _exists(file) from error
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from error


def _exists(file: Path) -> ConfigurationError:
    return ConfigurationError(f"{file} exists: choose another name, or replace it with --force")
