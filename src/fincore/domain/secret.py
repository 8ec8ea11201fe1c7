"""Secrets that do not show themselves: keys and passwords pass through logs, errors and dumps as asterisks."""

import hmac
from typing import Final, NoReturn

MASK: Final = "********"


class Secret:
    """A text that only `reveal` gives out.

    It prints as a mask, and neither msgspec, json nor pickle can write it: they raise TypeError.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself, for the one line that sends it or signs with it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied; pass the object itself on")
