"""The words by which staff find a charge, and how a search compares them. Pure.

Terms have their ASCII letters in lower case and are cut, as `paymentdb.search_terms` keeps them: a search sees no difference
between `Ada@Example.com` and `ada@example.com`.
"""

import string
from collections.abc import Collection
from typing import Final, Literal, NamedTuple

from fincore.domain.charge import Charge
from fincore.domain.events import EVENTS, ChargeEvent
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.read.paymentdb.charge_view import ChargeView

TermKind = Literal["email", "metadata", "reference"]
"""What a term is: the customer's address, a value of the charge's metadata, an id at a PSP of the charge or a part of it."""

TERM_CHARACTERS_MAX: Final = 200
_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_LAST_CHARACTER: Final = 0x10FFFF
_BEFORE_SURROGATES: Final = 0xD7FF
_AFTER_SURROGATES: Final = 0xE000

_NAMING: Final = frozenset(
    shape
    for _, shape in EVENTS.values()
    if {"psp_reference", "sub_references"} & set(shape.__struct_fields__)
)
"""The events that can name something at a PSP."""

Term = tuple[TermKind, str]


class TermRange(NamedTuple):
    """The terms from `first` on that come before `end`; None is no end. In the order of code points, as collation C has them."""

    first: str
    end: str | None


def as_term(text: str) -> str:
    """A text as terms are kept and compared."""
    return text.translate(_LOWER)[:TERM_CHARACTERS_MAX]


def beginning_with(text: str) -> TermRange:
    """The terms that begin with a text, which may hold any character: none of them has a meaning of its own."""
    first = as_term(text)
    kept = first.rstrip(chr(_LAST_CHARACTER))
    if not kept:
        return TermRange(first, None)
    last = ord(kept[-1])
    following = _AFTER_SURROGATES if last == _BEFORE_SURROGATES else last + 1
    return TermRange(first, kept[:-1] + chr(following))


def terms_of(charge: Charge) -> frozenset[Term]:
    """All terms of a charge as it stands. A charge keeps each term that it ever had."""
    return _own_terms(charge) | _named(charge.references)


def new_terms(event: ChargeEvent, before: Charge | None, after: Charge) -> frozenset[Term]:
    """The terms that an event added to a charge; most events add none, and cost next to nothing here."""
    if before is None:
        return terms_of(after)
    if type(event) not in _NAMING:
        return frozenset()
    return _named(after.references - before.references)


def _own_terms(charge: Charge) -> frozenset[Term]:
    """The terms that a charge is created with."""
    terms: list[Term] = [("metadata", as_term(value)) for value in charge.metadata.values() if value]
    if charge.customer_email:
        terms.append(("email", as_term(charge.customer_email)))
    return frozenset(terms)


def _named(references: Collection[tuple[PspName, PspAccount, PspReference]]) -> frozenset[Term]:
    return frozenset([("reference", as_term(reference)) for _, _, reference in references if reference])


def row_of(view: ChargeView, term: Term) -> tuple[object, ...]:
    """The columns of a term of a charge, in the order of the table."""
    charge = view.charge
    return (charge.livemode, *term, charge.created_at, view.charge_id, charge.merchant_id)
