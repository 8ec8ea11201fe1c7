"""A command's output on its way out: into a file that is whole or absent, or to standard output."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fincore.domain.errors import ConfigurationError


@contextmanager
def written_to(file: Path | None, *, may_replace: bool) -> Iterator[Callable[[str], object]]:
    """A function that writes text to `file`, or to standard output where there is none.

    The file is there once the context ends well; else it is as it was. Raises `ConfigurationError` for a file that exists,
    unless it may be replaced, and for one that cannot be written.
    """
    if file is None:
        yield sys.stdout.write
        sys.stdout.flush()
        return
    with _refusals_of(file):
        if file.exists() and not may_replace:
            raise _exists(file)
        # Only its owner may read what mkstemp makes; the owner decides who else may.
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
    """Turns what the file system refuses into `ConfigurationError`; errors of the database pass."""
    try:
        yield
    except FileExistsError as error:
        raise _exists(file) from error
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from error


def _exists(file: Path) -> ConfigurationError:
    return ConfigurationError(f"{file} exists: choose another name, or replace it with --force")
