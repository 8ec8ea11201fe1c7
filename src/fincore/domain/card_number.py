r"""Recognising card numbers (PANs), so that no request brings one in and no log or row keeps one.

A card number is what a network issues by `card_ranges` and passes the Luhn check (ISO/IEC 7812-1, annex B). Its digits may
be of any script, and grouped by up to three spaces, dashes, dots or line ends of any kind, as people paste them. A text is
also read with its escapes resolved (`\n`, `\u00a0`, `%20`): logs, JSON and URLs hold them in place of the characters. Digits
are taken by whole groups: a number of 30 digits holds no card number.

One UUID in a thousand has such digits inside by chance; UUIDs and hashes in hexadecimal are therefore left alone, unless
they are digits only.

The search is linear in the length of the text: every pattern here is of one class of characters or has a bounded length.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Final

from fincore.domain.card_ranges import DIGITS_MAX, DIGITS_MIN, PREFIX_DIGITS, lengths_of

SEPARATORS_MAX: Final = 3
"""How many separators may stand between two digits: ` - ` is three."""

_SPACES: Final = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_DASHES: Final = (
    "\\-\xad\u058a\u1806\u2010-\u2015\u2043\u2212\u2e3a\u2e3b\u301c\u3030\u30fc\ufe58\ufe63\uff0d"
)
_DOTS: Final = ".\xb7\u2022\u2024\u2027\u3002\u30fb\uff0e\uff61"
_INVISIBLE: Final = "\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\u20e3\ufe0e\ufe0f\ufeff"
_ASCII_SEPARATORS: Final = "\t\n\v\f\r .\\-"

POSSIBLE_CARD_NUMBER: Final = (
    rf"[0-9](?:[{_ASCII_SEPARATORS}]{{0,{SEPARATORS_MAX}}}[0-9]){{{DIGITS_MIN - 1}}}|[^\t\n\r -~]|[\\%]"
)
"""Matches every text that can hold a card number, and few others: a pattern that Python and PostgreSQL read alike.

It looks at plain ASCII exactly and lets through text with other characters or escapes.
"""

_SEPARATORS: Final = rf"[{_SPACES}{_DASHES}{_DOTS}{_INVISIBLE}]{{0,{SEPARATORS_MAX}}}"
_RUN: Final = re.compile(rf"\d(?:{_SEPARATORS}\d){{{DIGITS_MIN - 1}}}")
_GAP: Final = re.compile(_SEPARATORS)
_GROUP: Final = re.compile(r"\d+")
_HEX_IDENTIFIER: Final = re.compile(
    r"(?<![0-9a-z])(?:[0-9a-f]{32,}+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-z])",
    re.ASCII | re.IGNORECASE,
)
_HEX_LETTER: Final = re.compile(r"[a-f]", re.IGNORECASE)
_HEX: Final = "[0-9a-fA-F]"
_BACKSLASH_ESCAPE: Final = re.compile(
    rf"\\{{1,8}}(?:u(?P<high>[dD][89abAB]{_HEX}{{2}})\\{{1,8}}u(?P<low>[dD][c-fC-F]{_HEX}{{2}})"
    rf"|x(?P<two>{_HEX}{{2}})|u(?P<four>{_HEX}{{4}})|U000(?P<five>{_HEX}{{5}})|(?P<space>[fnrtv]))"
)
_PERCENT_ESCAPE: Final = re.compile(
    r"%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}|\+",
    re.ASCII | re.IGNORECASE,
)
_VALUES: Final = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED: Final = bytes.maketrans(b"0123456789", bytes(sum(divmod(2 * digit, 10)) for digit in range(10)))

_Span = tuple[int, int]


def passes_luhn(digits: str) -> bool:
    """Whether a string of ASCII digits ends in its Luhn check digit."""
    values = digits.encode()
    return (sum(values[::-2].translate(_VALUES)) + sum(values[-2::-2].translate(_DOUBLED))) % 10 == 0


def spans_of_card_numbers(text: str) -> list[_Span]:
    """Where in a text card numbers stand, as (start, end), in order and apart from one another."""
    found = list(_spans(text))
    for mark, escape, resolved in _READINGS:
        if mark in text:
            found += _unresolved(text, escape, list(_spans(escape.sub(resolved, text))))
    apart: list[_Span] = []
    for start, end in sorted(found):
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart


def holds_card_number(text: str) -> bool:
    """Whether a text holds anything that looks like a card number."""
    if _holds(text):
        return True
    if "\\" not in text and "%" not in text:  # nearly always: it is asked for each text of each request
        return False
    return any(mark in text and _holds(escape.sub(resolved, text)) for mark, escape, resolved in _READINGS)


def without_card_numbers(text: str) -> str:
    """The text with each card number replaced by `[card number]`."""
    parts: list[str] = []
    end = 0
    for start, stop in spans_of_card_numbers(text):
        parts += [text[end:start], "[card number]"]
        end = stop
    return "".join([*parts, text[end:]])


def _holds(text: str) -> bool:
    return _RUN.search(text) is not None and next(_spans(text), None) is not None


def _spans(text: str) -> Iterator[_Span]:
    """Where card numbers stand in a text as it is."""
    if _RUN.search(text) is None:
        return
    identifiers = [
        found.span() for found in _HEX_IDENTIFIER.finditer(text) if _HEX_LETTER.search(found.group())
    ]
    passed = 0
    for run in _runs(text):
        for start, end in _spans_of_run(text, run):
            while passed < len(identifiers) and identifiers[passed][1] < end:
                passed += 1
            if passed == len(identifiers) or start < identifiers[passed][0]:
                yield start, end


def _runs(text: str) -> Iterator[list[_Span]]:
    """Neighbouring groups of digits with nothing but a few separators in between; none too long for a card number."""
    run: list[_Span] = []
    for group in _GROUP.finditer(text):
        start, end = group.span()
        if run and not (start - run[-1][1] <= SEPARATORS_MAX and _GAP.fullmatch(text, run[-1][1], start)):
            yield run
            run = []
        if end - start <= DIGITS_MAX:
            run.append((start, end))
        elif run:
            yield run
            run = []
    yield run


def _spans_of_run(text: str, run: list[_Span]) -> Iterator[_Span]:
    """The card numbers among groups of digits, from the left, each the longest that begins where it does."""
    digits = "".join(_ascii_digits(text[start:end]) for start, end in run)
    place = 0
    ends = {(place := place + end - start): end for start, end in run}
    begin = after = 0  # of a group in `digits`; of the text after the last card number
    for start, end in run:
        if start >= after:
            for length in lengths_of(int(digits[begin : begin + PREFIX_DIGITS])):
                found = ends.get(begin + length)
                if found is not None and passes_luhn(digits[begin : begin + length]):
                    after = found
                    yield start, found
                    break
        begin += end - start


def _ascii_digits(group: str) -> str:
    return group if group.isascii() else "".join(str(int(digit)) for digit in group)


def _unresolved(text: str, escape: re.Pattern[str], spans: list[_Span]) -> list[_Span]:
    """Spans of a text with resolved escapes, as spans of the text itself."""
    places, shifts = [0], [0]  # behind each escape in the resolved text, how much longer the text is so far
    for found in escape.finditer(text) if spans else ():
        start, end = found.span()
        places.append(start - shifts[-1] + 1)
        shifts.append(end - places[-1])

    def place(resolved: int) -> int:
        return resolved + shifts[bisect_right(places, resolved) - 1]

    return [(place(start), place(end)) for start, end in spans]


def _backslash_resolved(escape: re.Match[str]) -> str:
    if escape["high"]:
        return chr(0x10000 + ((int(escape["high"], 16) & 0x3FF) << 10) + (int(escape["low"], 16) & 0x3FF))
    if escape["space"]:
        return " "
    return chr(int(escape["two"] or escape["four"] or escape["five"], 16))


def _percent_resolved(escape: re.Match[str]) -> str:
    if escape.group() == "+":
        return " "
    read = bytes.fromhex(escape.group().replace("%", "")).decode(errors="replace")
    return read if len(read) == 1 else "\ufffd"


_Resolve = Callable[[re.Match[str]], str]
_READINGS: Final[tuple[tuple[str, re.Pattern[str], _Resolve], ...]] = (
    ("\\", _BACKSLASH_ESCAPE, _backslash_resolved),
    ("%", _PERCENT_ESCAPE, _percent_resolved),
)
"""The mark without which a text has no such escapes, the escapes, and the one character that each stands for."""
