"""By which name a person counts, so that one person has one limit and is no second person to themselves. Pure."""

import unicodedata


def counted_for(name: str) -> str:
    """The person as limits count: without regard to case, spaces, how letters are composed, and characters that do not show.

    UAX #15 (NFKC) and the Unicode Standard, 3.13 (case folding), so that no collation of a database decides who is one person.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join("".join(one for one in folded if unicodedata.category(one) != "Cf").split())
