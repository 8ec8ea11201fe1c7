"""Positions of two currencies at their average cost: what is realised is exactly what came in less what went out."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fincore.domain.fx_position import Conversion, FxPosition, convert

MINOR = st.integers(-(10**12), 10**12)
conversions = st.lists(st.builds(FxPosition, MINOR, MINOR), max_size=20)


def after(*moved: FxPosition) -> list[Conversion]:
    """The position after each conversion, from nothing on."""
    return list(
        accumulate(moved, lambda last, one: convert(last.position, one), initial=Conversion(FxPosition(), 0))
    )[1:]


@pytest.mark.parametrize(
    ("before", "moved", "left", "realised_minor"),
    [
        ((0, 0), (100, 108), (100, 108), 0),
        ((100, 108), (50, 50), (150, 158), 0),
        ((100, 108), (-100, -110), (0, 0), -2),
        ((100, 108), (-100, -108), (0, 0), 0),
        ((100, 108), (-50, -50), (50, 54), 4),
        ((3, 10), (-1, -3), (2, 7), 0),
        ((2, 7), (-1, -3), (1, 4), 0),
        ((1, 4), (-1, -3), (0, 0), 1),
        ((100, 108), (-150, -165), (-50, -55), -2),
        ((-50, -55), (50, 50), (0, 0), -5),
        ((100, 108), (0, -7), (100, 108), -7),
        ((0, 0), (0, 7), (0, 0), 7),
        ((100, 108), (0, 0), (100, 108), 0),
    ],
)
def test_conversion_realises_what_goes_back_at_another_rate(
    before: tuple[int, int], moved: tuple[int, int], left: tuple[int, int], realised_minor: int
) -> None:
    assert convert(FxPosition(*before), FxPosition(*moved)) == (FxPosition(*left), realised_minor)


@given(conversions)
def test_amounts_are_in_the_position_or_realised(moved: list[FxPosition]) -> None:
    steps = after(*moved)
    left = steps[-1].position if steps else FxPosition()
    assert left.charge_minor == sum(one.charge_minor for one in moved)
    assert left.settled_minor + sum(step.realised_minor for step in steps) == sum(
        one.settled_minor for one in moved
    )


@given(conversions, MINOR)
def test_position_of_nothing_costs_nothing(moved: list[FxPosition], settled_minor: int) -> None:
    held = after(*moved)[-1].position if moved else FxPosition()
    closed = convert(held, FxPosition(-held.charge_minor, settled_minor))
    assert closed.position == FxPosition()


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.data())
def test_same_rate_realises_a_minor_unit_at_most(
    charge_minor: int, settled_minor: int, data: st.DataObject
) -> None:
    back_minor = data.draw(st.integers(1, charge_minor))
    at_rate_minor = settled_minor * back_minor // charge_minor
    step = convert(FxPosition(charge_minor, settled_minor), FxPosition(-back_minor, -at_rate_minor))
    assert step.realised_minor == 0
