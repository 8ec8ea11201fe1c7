"""Counts of things in sentences."""


def counted(count: int, one: str, many: str = "") -> str:
    """`1 event`, `2 events`; `many` where the plural is not the singular with an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
