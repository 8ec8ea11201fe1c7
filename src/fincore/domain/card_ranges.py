"""Which numbers payment card networks issue: one table of issuer ranges, each with the lengths in use.

Sources: ISO/IEC 7812-1 (structure), the networks' published ranges as braintree/credit-card-type and the tables of PSPs
list them. Left out on purpose: Visa with 13 digits and JCB 1800 and 2131 with 15 (none has been valid for years, and every
hundredth order number of 13 digits would be a Visa), and UATP (1, 15 digits: airline accounts that no PSP charges).
"""

from bisect import bisect_right
from typing import Final, NamedTuple

PREFIX_DIGITS: Final = 6


class CardRange(NamedTuple):
    """Card numbers of `network` with first six digits from `first` to `last`, and how many digits they have in all."""

    network: str
    first: int
    last: int
    lengths: frozenset[int]


def _ranges(network: str, prefixes: str, *lengths: int) -> tuple[CardRange, ...]:
    """Ranges from prefixes such as `34 37` and `2221-2720`, each of one to six digits."""
    found: list[CardRange] = []
    for prefix in prefixes.split():
        first, _, last = prefix.partition("-")
        found.append(
            CardRange(
                network,
                int(first.ljust(PREFIX_DIGITS, "0")),
                int((last or first).ljust(PREFIX_DIGITS, "9")),
                frozenset(lengths),
            )
        )
    return tuple(found)


CARD_RANGES: Final[tuple[CardRange, ...]] = (
    *_ranges("American Express", "34 37", 15),
    *_ranges("Belkart", "9112", 16),
    *_ranges("Diners Club", "300-305 3095 36 38-39", 14, 16, 19),
    *_ranges("Discover", "6011 644-659", 16, 19),
    *_ranges("Elo", "504175 506699-506778 509000-509999 627780 636297 636368 650031-655058", 16),
    *_ranges("Forbrugsforeningen", "600722", 16),
    *_ranges("Hipercard", "606282 637095 637568 637599 637609 637612", 16),
    *_ranges("Humo", "9860", 16),
    *_ranges("JCB", "3528-3589", 16, 17, 18, 19),
    # The scheme allows 12 to 19 digits; only these issuers are known to use other lengths than those of the second line.
    *_ranges("Maestro", "5018 5020 5038 5893 6304 6759 6761-6763", 12, 13, 14, 15, 16, 17, 18, 19),
    *_ranges("Maestro", "50 56-59 63 67", 16, 18, 19),
    *_ranges("Mastercard", "2221-2720 51-55", 16),
    *_ranges("Mir", "2200-2204", 16, 17, 18, 19),
    *_ranges("NAPAS", "9704", 16, 19),
    *_ranges("RuPay", "508500-508999 606985-607984 608001-608500 652150-653149 8172-8201", 16),
    *_ranges("Troy", "9792", 16),
    *_ranges("UkrCard", "604001-604200", 16, 17, 18, 19),
    *_ranges("UnionPay", "62 8100-8171", 16, 17, 18, 19),
    *_ranges("Uzcard", "8600", 16),
    *_ranges("Verve", "506099-506198 507865-507964 650002-650027", 16, 18, 19),
    *_ranges("Visa", "4", 16, 18, 19),
)
"""Several networks may share a range: what counts is whether any of them issues such a number."""

DIGITS_MIN: Final = min(min(known.lengths) for known in CARD_RANGES)
DIGITS_MAX: Final = max(max(known.lengths) for known in CARD_RANGES)


def networks_of(prefix: int) -> tuple[CardRange, ...]:
    """The ranges that numbers which begin with `prefix` are of; empty if none is issued."""
    return tuple(known for known in CARD_RANGES if known.first <= prefix <= known.last)


def lengths_of(prefix: int) -> tuple[int, ...]:
    """How many digits a card number that begins with `prefix` may have, the most first; empty if none is issued."""
    return _LENGTHS[bisect_right(_STARTS, prefix) - 1]


_STARTS: Final = sorted(
    {0, *(known.first for known in CARD_RANGES), *(known.last + 1 for known in CARD_RANGES)}
)
_LENGTHS: Final = [
    tuple(
        sorted(
            {n for known in CARD_RANGES if known.first <= start <= known.last for n in known.lengths},
            reverse=True,
        )
    )
    for start in _STARTS
]
"""Between two neighbours of `_STARTS` the lengths are the same."""
