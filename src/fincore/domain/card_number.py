"""Recognising card numbers (PANs), so that no door lets one in and no sink lets one out.

A PAN is 13 to 19 digits, possibly grouped by spaces or dashes, that begin like a payment card (2 to 6) and pass the
Luhn check (ISO/IEC 7812-1, annex B).
"""

import re
from collections.abc import Iterator
from typing import Final

_CANDIDATE: Final = re.compile(r"(?<![0-9])[2-6](?:[ -]?[0-9]){12,18}(?![0-9])", re.ASCII)


def passes_luhn(digits: str) -> bool:
    """Whether a string of digits ends in its Luhn check digit."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 -- two digits are added up
    return total % 10 == 0


def spans_of_card_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where in a text card numbers stand, as (start, end)."""
    for match in _CANDIDATE.finditer(text):
        if passes_luhn(re.sub(r"[ -]", "", match[0])):
            yield match.span()


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
