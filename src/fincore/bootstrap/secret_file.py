"""A file that holds one secret, as orchestrators mount them."""

from pathlib import Path
from typing import Final

SECRET_BYTES_MAX: Final = 65_536


class SecretUnreadable(Exception):
    """There is no secret to read; the message is the sentence that says why, without its full stop."""


def secret_in(file: Path) -> str:
    """The text of a file without the white space around it. Raises `SecretUnreadable`."""
    try:
        with file.open("rb") as opened:
            content = opened.read(SECRET_BYTES_MAX + 1)
    except OSError as error:
        raise SecretUnreadable(f"the file {file} cannot be read ({error.strerror})") from error
    if len(content) > SECRET_BYTES_MAX:
        raise SecretUnreadable(f"the file {file} has more than {SECRET_BYTES_MAX:,} bytes")
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        raise SecretUnreadable(f"the file {file} is not UTF-8 text") from None
    if not text:
        raise SecretUnreadable(f"the file {file} is empty")
    return text
