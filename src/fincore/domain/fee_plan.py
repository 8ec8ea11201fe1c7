"""What the platform, the company that runs FinCore, charges a merchant for a capture."""

from typing import Final

import msgspec

BASIS_POINTS_MAX: Final = 10_000
"""The whole amount."""


class FeePlan(msgspec.Struct, frozen=True, kw_only=True):
    """`basis_points` (hundredths of a percent) of the captured amount plus `fixed_minor`, in the charge's currency.

    A charge keeps the plan it was created under: a plan that changes later changes nothing that was agreed.
    """

    basis_points: int
    fixed_minor: int


def platform_fee_minor(plan: FeePlan | None, captured_minor: int) -> int:
    """The fee for a capture: the percentage rounded half up to a whole minor unit, then the fixed part added.

    Never more than the capture itself, and nothing where nothing was captured or there is no plan.
    """
    if plan is None or captured_minor <= 0:
        return 0
    share_minor = (captured_minor * plan.basis_points + BASIS_POINTS_MAX // 2) // BASIS_POINTS_MAX
    return min(share_minor + plan.fixed_minor, captured_minor)
