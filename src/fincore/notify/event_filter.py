"""Which events an endpoint wants: exact names, a family such as `charge.*`, or `*` for all. Pure."""

from collections.abc import Sequence
from typing import Final

from fincore.domain.events import EVENTS
from fincore.domain.public_session_event import SESSION_MEANINGS, PublicEventType

EVERYTHING: Final = "*"


def filters_of(event_type: PublicEventType) -> tuple[str, ...]:
    """Every filter that lets an event through."""
    family, _, _ = event_type.partition(".")
    return (event_type, f"{family}.*", EVERYTHING)


_EVENTS: Final[tuple[PublicEventType, ...]] = (*EVENTS, *SESSION_MEANINGS)
FILTERS: Final = tuple(sorted({accepted for event_type in _EVENTS for accepted in filters_of(event_type)}))
"""Every filter there is."""


def unknown_filter(event_types: Sequence[str]) -> int | None:
    """The place of the first text that is no filter; None where all are."""
    return next((place for place, name in enumerate(event_types) if name not in FILTERS), None)
