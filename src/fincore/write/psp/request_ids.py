"""The ids that PSPs give their answers: kept while a job runs, and written beside the events that come of it.

A PSP's support and its logs find a request by such an id, also one that failed or of which the outcome is unknown.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import msgspec

from fincore.eventstore.commit import Provenance
from fincore.write.psp.sanitize import sanitize_code

KEPT_MAX: Final = 10
"""Beside one event; of more, the last ones."""

_NOTED: Final[ContextVar[list[str] | None]] = ContextVar("fincore_psp_request_ids", default=None)


@contextmanager
def noted_request_ids() -> Iterator[None]:
    """A time in which ids are kept, those of the tasks that begin in it among them."""
    token = _NOTED.set([])
    try:
        yield
    finally:
        _NOTED.reset(token)


def note_request_id(request_id: str | None) -> None:
    """Keep the id of an answer, if it has one and ids are kept."""
    noted = _NOTED.get()
    if noted is not None and request_id:
        noted.append(sanitize_code(request_id))
        del noted[:-KEPT_MAX]


def forget_request_ids() -> None:
    """Begin anew: those that are kept stand beside an event now."""
    noted = _NOTED.get()
    if noted is not None:
        noted.clear()


def with_request_ids(provenance: Provenance) -> Provenance:
    """Where an event came from, with the ids that are kept."""
    noted = _NOTED.get()
    return msgspec.structs.replace(provenance, psp_request_ids=tuple(noted)) if noted else provenance
