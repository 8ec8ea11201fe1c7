"""A label with values from outside: the first ones are kept as they are, so that no stranger makes series without end."""

from typing import Final

OTHER: Final = "other"
NONE: Final = "none"


class BoundedLabel:
    """Folds values beyond the first `values_max` different ones into `other`, and a missing one into `none`."""

    def __init__(self, values_max: int) -> None:
        self._values_max = values_max
        self._seen: set[str] = set()

    def of(self, value: str | None) -> str:
        """What to use as the label of a value."""
        if value is None:
            return NONE
        if value in self._seen:
            return value
        if len(self._seen) >= self._values_max:
            return OTHER
        self._seen.add(value)
        return value
