"""PSPs' codes, parameters and request ids as they may stand in a log, an event or a sentence. Pure."""

import re
from typing import Final

from fincore.domain.card_number import without_card_numbers

WORD_CHARS_MAX: Final = 100
_NOT_IN_WORDS: Final = re.compile(r"[^A-Za-z0-9_.\[\]-]")


def sanitize_code(word: str) -> str:
    """The word, bounded, without card numbers, and with `?` for what such words do not have."""
    return without_card_numbers(_NOT_IN_WORDS.sub("?", word[:WORD_CHARS_MAX]))
