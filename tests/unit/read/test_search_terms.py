"""How terms are kept and compared."""

from hypothesis import given
from hypothesis import strategies as st

from fincore.read.paymentdb.search_terms import TERM_CHARACTERS_MAX, as_term, beginning_with

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(WORDS, WORDS)
def test_a_range_holds_what_begins_so_and_nothing_else(prefix: str, other: str) -> None:
    first, end = beginning_with(prefix)
    for term in (as_term(prefix + other), as_term(other)):
        # As collation C compares: by UTF-8's bytes, which are in the order of code points.
        is_within = first.encode() <= term.encode() and (end is None or term.encode() < end.encode())
        assert is_within == term.startswith(as_term(prefix))


def test_wildcards_of_sql_are_letters_like_others() -> None:
    assert beginning_with("100%_") == ("100%_", "100%`")
    assert beginning_with("\ud7ff") == ("\ud7ff", "\ue000")
    assert beginning_with("a\U0010ffff") == ("a\U0010ffff", "b")
    assert beginning_with("\U0010ffff") == ("\U0010ffff", None)


def test_only_ascii_letters_lose_their_case() -> None:
    assert as_term("Ada@EXAMPLE.com") == "ada@example.com"
    assert as_term("Ärger") == "Ärger"
    assert len(as_term("x" * 500)) == TERM_CHARACTERS_MAX
