"""What payments of one currency brought in another one, and what is realised when some of it goes back at another rate. Pure.

A position is kept at its average cost, in whole minor units of both currencies; no rate is used. What a part of it costs is rounded
towards zero. What that leaves of a minor unit stays in the position and goes with its last unit, so that a position of nothing costs
nothing, and all that was realised is exactly what came in less what went out.
"""

from typing import NamedTuple


class FxPosition(NamedTuple):
    """What customers paid less what they got back, and what that brought less what it took where it was settled.

    Both in minor units, signed from our side, each in its own currency.
    """

    charge_minor: int = 0
    settled_minor: int = 0


class Conversion(NamedTuple):
    """A position after a conversion, and what that realised in the currency of settlement: a gain above zero, a loss below it."""

    position: FxPosition
    realised_minor: int


def convert(before: FxPosition, moved: FxPosition) -> Conversion:
    """Add what a conversion moved to a position.

    What goes the same way as the position adds to it and to its cost. What goes against it takes away its part of the cost, and the
    difference is realised; what goes beyond nothing begins a position the other way. An amount without a counterpart is realised whole.
    """
    if before.charge_minor * moved.charge_minor >= 0 and moved.charge_minor:
        return Conversion(_sum(before, moved), 0)
    closed_minor = min(abs(before.charge_minor), abs(moved.charge_minor))
    cost_minor = _part(before.settled_minor, closed_minor, abs(before.charge_minor)) if closed_minor else 0
    paid_minor = (
        _part(moved.settled_minor, closed_minor, abs(moved.charge_minor))
        if closed_minor
        else moved.settled_minor
    )
    realised_minor = cost_minor + paid_minor
    after = _sum(before, moved)
    return Conversion(after._replace(settled_minor=after.settled_minor - realised_minor), realised_minor)


def _sum(one: FxPosition, other: FxPosition) -> FxPosition:
    return FxPosition(one.charge_minor + other.charge_minor, one.settled_minor + other.settled_minor)


def _part(total_minor: int, of: int, whole: int) -> int:
    """`of / whole` of a total, rounded towards zero."""
    part_minor = abs(total_minor) * of // whole
    return part_minor if total_minor >= 0 else -part_minor
