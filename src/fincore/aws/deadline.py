"""How long an invocation of a function may still work before Lambda kills its process."""

from typing import Final, Protocol

RESERVE_SECONDS: Final = 1.0
"""Kept for the answer, and for rolling back what is not done."""


class LambdaContext(Protocol):
    """What is used of the context that AWS's runtime interface client hands over."""

    def get_remaining_time_in_millis(self) -> int: ...


class Deadline:
    """The end of an invocation, less the reserve."""

    def __init__(self, context: LambdaContext) -> None:
        self._context = context

    def seconds_left(self) -> float:
        """How long work may still take; 0.0 where none may begin."""
        return max(0.0, self._context.get_remaining_time_in_millis() / 1_000 - RESERVE_SECONDS)
