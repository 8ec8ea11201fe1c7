"""References in what a bank writes about a payment: words with the shape of one, so that names and prose stay in the file. Pure."""

import re
from typing import Final

WORDS_MAX: Final = 10
_WORD: Final = re.compile(
    r"(?<![A-Za-z0-9_-])(?=[A-Za-z_-]*[0-9])[A-Za-z0-9][A-Za-z0-9_-]{7,49}(?![A-Za-z0-9_-])", re.ASCII
)
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
"""An account, and often a person's: ISO 13616."""


def references_in(text: str) -> list[str]:
    """The words of 8 to 50 letters and digits that have a digit and are no account, in their order, at most ten."""
    return [word for word in _WORD.findall(text) if not _IBAN.fullmatch(word)][:WORDS_MAX]


def distinct(references: list[str]) -> tuple[str, ...]:
    """References in their order, each once; what banks write for none is left out."""
    return tuple(dict.fromkeys(one for one in references if one and one not in ("NOTPROVIDED", "NONREF")))
