"""Limits that could not bound anything are refused where they are stated."""

from typing import Any

import msgspec
import pytest

from fincore.write.psp.limits import OperationLimits, PspLimits
from fixtures.psp_limits import psp_limits

GOOD = OperationLimits(key_safe_seconds=1, call_timeout_seconds=1)


@pytest.mark.parametrize(
    "changes",
    [
        {"key_safe_seconds": 0.0},
        {"key_safe_seconds": -1.0},
        {"call_timeout_seconds": 0.0},
        {"search_lag_seconds": -1.0},
    ],
    ids=str,
)
def test_limit_of_an_operation_that_bounds_nothing_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        msgspec.structs.replace(GOOD, **changes)


def test_psp_without_limits_of_an_operation_is_refused() -> None:
    some = psp_limits()
    with pytest.raises(ValueError, match="'refund'"):
        PspLimits(
            payment_method_types=some.payment_method_types,
            amounts=some.amounts,
            operations={"authorize": GOOD, "capture": GOOD, "cancel": GOOD},
            hold_seconds=1,
        )


def test_hold_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than 0 s"):
        psp_limits(hold_seconds=0)


@pytest.mark.parametrize("ability", ["held_types", "challenged_types"])
def test_type_that_the_psp_does_not_take_has_no_ability(ability: str) -> None:
    with pytest.raises(ValueError, match="it does not take \\['paypal'\\]"):
        msgspec.structs.replace(psp_limits(), **{ability: frozenset({"card", "paypal"})})
