"""From the plan of a charge and what the accounts made of its card to the plan that is written. Pure.

The first account of the plan that answers decides: a token there makes the charge, a refusal there fails it. An account that made
no token is no candidate.
"""

from collections.abc import Sequence

import msgspec

from fincore.domain.outcome import Declined, Retryable, Unknown
from fincore.domain.payment_method import CardToken, UntokenisedCard
from fincore.domain.route_plan import PaymentMethodChoice, PlannedAttempt, RoutePlan, Skipped

Tokenised = CardToken | Declined | Retryable | Unknown | None
"""What one account made of a card; None for an account at a PSP without a token of a card that takes no money."""

OFFERED = (PaymentMethodChoice(UntokenisedCard()),)
"""What a merchant offers with a card number: a card that is bound to no account."""


class RefusedCard(msgspec.Struct, frozen=True):
    """The card was refused: the plan, with its only attempt at the account that refused it, and why."""

    plan: RoutePlan
    declined: Declined


def tokenised_plan(plan: RoutePlan, made: Sequence[Tokenised]) -> RoutePlan | RefusedCard | None:
    """The plan with a token for each candidate; `made` stands beside its attempts. None: no account answered."""
    pairs = tuple(zip(plan.attempts, made, strict=True))
    first = next((one for one in pairs if isinstance(one[1], CardToken | Declined)), None)
    if first is None:
        return None
    attempt, decisive = first
    kept: tuple[PlannedAttempt, ...]
    if isinstance(decisive, Declined):
        kept = (attempt,)
    else:
        kept = tuple(
            msgspec.structs.replace(one, payment_method=token)
            for one, token in pairs
            if isinstance(token, CardToken)
        )
    accounts = {(one.psp, one.psp_account) for one in kept}
    skipped = tuple(
        Skipped(one.psp, one.psp_account, "no_token_of_card")
        for one in plan.attempts
        if (one.psp, one.psp_account) not in accounts
    )
    told = msgspec.structs.replace(plan, attempts=kept, skipped=(*skipped, *plan.skipped), offered=OFFERED)
    return RefusedCard(told, decisive) if isinstance(decisive, Declined) else told
