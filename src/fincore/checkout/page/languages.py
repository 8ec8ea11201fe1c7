"""The languages of the page, and which of them a browser asks for. Pure."""

from collections.abc import Sequence
from typing import Final, Literal, get_args

from fincore.http.languages import asked_language

Language = Literal["en", "de", "fr", "es"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

DEFAULT: Final[Language] = "en"


def language_of(accept_language: Sequence[str]) -> Language:
    """The language that a browser asks for; `DEFAULT` where that is none of ours."""
    return asked_language(accept_language, LANGUAGES, DEFAULT)
