"""What the commands for rules share: reading a file of rules, and who changes them."""

import getpass
from pathlib import Path

from fincore.domain.errors import UsageError


def text_of(file: Path, characters_max: int) -> str:
    """The text of a file, or one character more than it may have. Raises `UsageError`."""
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            return opened.read(characters_max + 1)
    except OSError as error:
        raise UsageError(f"the file with the rules cannot be read ({error.strerror})") from None
    except ValueError:
        raise UsageError("the file with the rules has no usable name, or is not UTF-8 text") from None


def author(by: str | None) -> str:
    """The name that was given, or that of the user of this machine. Raises `UsageError`."""
    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        raise UsageError("this machine does not tell your name: give it with --by") from None
