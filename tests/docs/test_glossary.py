"""The glossary gives each term one place and one sentence."""

import re
from typing import Final

from docs.printed import PROJECT

GLOSSARY: Final = PROJECT / "docs/glossary.md"
ENTRY: Final = re.compile(r"\*\*([^*]+)\*\*: (\S.*\.)")


def terms() -> list[str]:
    """The terms of the glossary, in its order."""
    return re.findall(r"^\*\*([^*]+)\*\*", GLOSSARY.read_text(), re.MULTILINE)


def test_glossary_terms_are_in_alphabetical_order() -> None:
    assert terms() == sorted(terms(), key=str.casefold)
    assert len(terms()) > 40


def test_glossary_has_each_term_once() -> None:
    assert len({term.casefold() for term in terms()}) == len(terms())


def test_glossary_line_is_a_term_and_a_sentence() -> None:
    lines = [line for line in GLOSSARY.read_text().splitlines() if line.startswith("**")]
    assert [line for line in lines if not ENTRY.fullmatch(line)] == []
