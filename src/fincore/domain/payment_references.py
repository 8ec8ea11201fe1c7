"""What a PSP calls a payment and the parts of it: listed, recognised, and joined with what it tells later. Pure."""

from fincore.domain.outcome import PspReference, SubReference


def names_of(payment: PspReference | None, parts: tuple[SubReference, ...]) -> frozenset[PspReference]:
    """All that the PSP calls a payment: its own id, where it is known, and those of its parts."""
    if not parts:
        return frozenset() if payment is None else frozenset((payment,))
    named = (payment, *(part.psp_reference for part in parts))
    return frozenset(reference for reference in named if reference is not None)


def with_parts(known: tuple[SubReference, ...], told: tuple[SubReference, ...]) -> tuple[SubReference, ...]:
    """The parts after the PSP told of some: each once, and those of which it spoke last at the end."""
    return (*(part for part in known if part not in told), *told) if told else known
