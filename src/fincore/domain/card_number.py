"""Recognising card numbers (PANs), so that no door lets one in and no sink lets one out.

A PAN is 13 to 19 digits, possibly grouped by spaces or dashes, that begin like a payment card (2 to 6) and pass the
Luhn check (ISO/IEC 7812-1, annex B). One UUID in a thousand has such digits inside by chance; UUIDs and hashes in
hexadecimal are therefore left alone, unless they are digits only.
"""

import re
from collections.abc import Iterator
from typing import Final

_DIGITS_MIN: Final = 13
_DIGITS_MAX: Final = 19
_RUN: Final = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,}", re.ASCII)
_GROUP: Final = re.compile(r"[0-9]+", re.ASCII)
_HEX_IDENTIFIER: Final = re.compile(
    r"(?<![0-9a-z])(?=[0-9-]*[a-f])(?:[0-9a-f]{32,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-z])",
    re.ASCII | re.IGNORECASE,
)


def passes_luhn(digits: str) -> bool:
    """Whether a string of digits ends in its Luhn check digit."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 -- two digits are added up
    return total % 10 == 0


def spans_of_card_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where in a text card numbers stand, as (start, end)."""
    for run in _RUN.finditer(text):
        groups = [group.span() for group in _GROUP.finditer(text, *run.span())]
        end = 0
        for first, (start, _) in enumerate(groups):
            if start < end or text[start] not in "23456":
                continue
            found = _end_of_card_number(text, groups[first : first + _DIGITS_MAX])
            if found is not None and not _is_inside_identifier(text, start, found):
                end = found
                yield start, end


def holds_card_number(text: str) -> bool:
    """Whether a text holds anything that looks like a card number."""
    return next(spans_of_card_numbers(text), None) is not None


def without_card_numbers(text: str) -> str:
    """The text with each card number replaced by `[card number]`."""
    parts: list[str] = []
    end = 0
    for start, stop in spans_of_card_numbers(text):
        parts += [text[end:start], "[card number]"]
        end = stop
    return "".join([*parts, text[end:]])


def _end_of_card_number(text: str, groups: list[tuple[int, int]]) -> int | None:
    """Where the card number ends that the first of some groups of digits begins; the longest there is."""
    end = None
    digits = ""
    for group_start, group_end in groups:
        digits += text[group_start:group_end]
        if len(digits) > _DIGITS_MAX:
            break
        if len(digits) >= _DIGITS_MIN and passes_luhn(digits):
            end = group_end
    return end


def _is_inside_identifier(text: str, start: int, end: int) -> bool:
    return any(
        identifier.start() <= start and end <= identifier.end()
        for identifier in _HEX_IDENTIFIER.finditer(text)
    )
