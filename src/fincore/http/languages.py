"""Which of some languages a browser asks for (RFC 9110, 12.5.4). Pure."""

import re
from collections.abc import Collection, Sequence
from typing import Final, TypeVar

RANGES_READ_MAX: Final = 20
"""Language ranges of one header that are read; a browser sends a few."""

Language = TypeVar("Language", bound=str)

_RANGE: Final = re.compile(
    r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?", re.ASCII
)


def asked_language(
    accept_language: Sequence[str], languages: Collection[Language], default: Language
) -> Language:
    """The language with the highest weight, the first of equals; `default` where none of `languages` is asked for.

    A regional range means its language: `de-AT` is German. A range that cannot be read is passed over.
    """
    best, best_weight = default, 0.0
    for part in ",".join(accept_language).split(",")[:RANGES_READ_MAX]:
        found = _RANGE.fullmatch(part)
        if found is None:
            continue
        weight = min(float(found[2] or 1), 1.0)
        for language in languages:
            if found[1].lower() == language and weight > best_weight:
                best, best_weight = language, weight
    return best
