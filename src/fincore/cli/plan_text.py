"""The plan of a charge in words: where it goes, in which order, by which rule, and why to no other account."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fincore.domain.payment_method import payment_method_type
from fincore.domain.route_plan import RoutePlan, SkipReason

REASONS: Final[Mapping[SkipReason, str]] = MappingProxyType(
    {
        "payment_method_not_taken": "it takes no payment method that was offered",
        "token_of_other_account": "the token belongs to another account",
        "no_token_of_card": "it made no token of the card number",
        "not_default": "it is not the default account, and no rule names it",
        "not_chosen_by_rule": "the rule does not name it",
        "account_not_configured": "the rule names it, and no setting does",
        "amount_not_expressible": "it cannot express the amount",
        "amount_too_large": "the amount is too large for it",
        "amount_too_small": "the amount is too small for it",
        "currency_not_supported": "it does not take the currency",
        "attempts_max_reached": "a charge has no more attempts",
    }
)
"""Every reason for which an account is skipped."""


def plan_lines(plan: RoutePlan) -> list[str]:
    """The plan, a line for what decided, one for the attempts, and one for each skipped account."""
    attempts = ", then ".join(
        f"{one.psp}/{one.psp_account} ({payment_method_type(one.payment_method)})" for one in plan.attempts
    )
    return [
        f"plan: {attempts}; {_decided_by(plan)}",
        *(f"skipped: {one.psp}/{one.psp_account}: {REASONS[one.reason]}" for one in plan.skipped),
    ]


def _decided_by(plan: RoutePlan) -> str:
    if plan.rules_version is None:
        return "no routing rules were live"
    if plan.rule is None:
        return f"no rule of version {plan.rules_version} matched"
    draw = "" if plan.draw is None else f", draw {plan.draw:.6f}"
    return f"rule {plan.rule} of version {plan.rules_version}{draw}"
