"""TOML files in which operators declare things, one table each: read within a bound, and each value refused where it is wrong."""

import os
import stat
import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from fincore.domain.errors import ConfigurationError

FILE_BYTES_MAX: Final = 256 * 1024
QUOTED_CHARACTERS_MAX: Final = 40


class DeclaredTable:
    """One table of the file: its values by name, each refused where it is not of the type wanted."""

    def __init__(self, about: str, values: Mapping[str, Any]) -> None:
        self.about = about
        self.values = values

    def wrong(self, sentence: str) -> ConfigurationError:
        return ConfigurationError(f"{self.about}: {sentence}")

    def text(self, name: str) -> str:
        if name not in self.values:
            raise self.wrong(f"{name} is missing")
        text = self.values[name]
        if not isinstance(text, str) or not text:
            raise self.wrong(f"{name} must be a text in quotes")
        return text

    def one_of(self, name: str, words: Collection[str]) -> str:
        text = self.text(name)
        if text not in words:
            raise self.wrong(f"{name} must be one of {', '.join(words)}")
        return text

    def refuse_unknown(self, known: Collection[str]) -> None:
        for name in self.values:
            if name not in known:
                (meant,) = get_close_matches(name, known, n=1) or ("",)
                hint = f"did you mean {meant}?" if meant else f"it has {', '.join(known)}"
                raise self.wrong(f"there is no field {name[:QUOTED_CHARACTERS_MAX]!r} ({hint})")


def document_in(origin: str, path: Path) -> dict[str, Any]:
    """What a file declares. Raises `ConfigurationError`, one sentence that begins with `origin`."""
    try:
        with path.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            content = opened.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigurationError(f"{origin}: the file cannot be read ({error.strerror})") from error
    if mode & stat.S_IWOTH:
        # Who may change an address in it would be sent the keys.
        raise ConfigurationError(f"{origin}: any user may change the file: run `chmod o-w` on it")
    if len(content) > FILE_BYTES_MAX:
        raise ConfigurationError(f"{origin}: the file has more than {FILE_BYTES_MAX:,} bytes")
    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError:
        raise ConfigurationError(f"{origin}: the file is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{origin}: the file is not TOML: {error}") from None
