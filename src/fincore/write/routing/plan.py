"""The plan of a charge over the configured accounts: who may carry it, in which order, and why no other. Pure.

A payment method goes only to an account that it is bound to, or to any that takes its type where it is bound to none. The order
is that of the rule which matched, else that of the payment methods.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import msgspec

from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.payment_method import payment_method_type, token_of
from fincore.domain.route_plan import (
    ATTEMPTS_MAX,
    PaymentMethodChoice,
    PlannedAttempt,
    RoutePlan,
    Skipped,
    SkipReason,
)
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.routing.router import NoRoute, RouteRequest


class AccountName(NamedTuple):
    """An account as rules name it: `psp/account`."""

    psp: PspName
    account: PspAccount

    def __str__(self) -> str:
        return f"{self.psp}/{self.account}"


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules say of a charge: the live version, and of the rule that matched its name, accounts and weights.

    `weights` stand beside `accounts`, or there are none. `draw` is what the weights are compared with.
    """

    rules_version: int
    draw: float
    rule: str | None = None
    accounts: tuple[AccountName, ...] = ()
    weights: tuple[int, ...] = ()


def plan_of(
    request: RouteRequest, accounts: Sequence[ConfiguredAccount], chosen: Chosen | None = None
) -> RoutePlan | NoRoute:
    """The plan for a charge, or why no account takes it. `accounts` are of both modes; `chosen` is None where no rules are live."""
    of_mode = [account for account in accounts if account.livemode == request.livemode]
    if not of_mode:
        return NoRoute("psp_not_configured")
    offered = tuple(_bound(choice, of_mode) for choice in request.offered)
    rule = chosen if chosen is not None and chosen.rule is not None else None
    candidates = _by_default(of_mode, offered) if rule is None else _by_rule(of_mode, rule)
    others = [account for account in of_mode if account not in candidates]
    attempts: list[PlannedAttempt] = []
    skipped: list[Skipped] = []
    for place, account in enumerate((*candidates, *others)):
        found = _attempt_at(account, offered)
        if isinstance(found, PlannedAttempt):
            if place >= len(candidates):
                found = "not_default" if rule is None else "not_chosen_by_rule"
            elif refusal := account.limits.refusal_of(request.money):
                found = refusal.code
        if isinstance(found, PlannedAttempt):
            attempts.append(found)
        else:
            skipped.append(Skipped(account.psp, account.name, found))
    if not attempts:
        return _unknown_account(request, of_mode) or _no_route(request, candidates, offered, rule)
    if rule is not None:
        attempts = _drawn_first(attempts, rule)
        skipped += _not_configured(rule, accounts)
    beyond = [Skipped(one.psp, one.psp_account, "attempts_max_reached") for one in attempts[ATTEMPTS_MAX:]]
    return RoutePlan(
        attempts=tuple(attempts[:ATTEMPTS_MAX]),
        skipped=(*beyond, *skipped),
        offered=() if offered == _told_by(attempts) else offered,
        rules_version=None if chosen is None else chosen.rules_version,
        rule=None if rule is None else rule.rule,
        draw=rule.draw if rule is not None and rule.weights else None,
    )


def is_told_by_its_attempt(plan: RoutePlan) -> bool:
    """Whether the plan says nothing but its only attempt: no account was skipped, and no rules are live."""
    return plan == RoutePlan(attempts=plan.attempts[:1])


def offered_of(plan: RoutePlan) -> tuple[PaymentMethodChoice, ...]:
    """What the merchant offered, each payment method with the account that it is bound to."""
    return plan.offered or _told_by(plan.attempts)


def _bound(choice: PaymentMethodChoice, of_mode: Sequence[ConfiguredAccount]) -> PaymentMethodChoice:
    """The choice with the account that its token belongs to; unchanged where no account can be meant."""
    if choice.psp_account is not None or token_of(choice.payment_method) is None:
        return choice
    kind = payment_method_type(choice.payment_method)
    for account in of_mode:
        if account.is_default and kind in account.limits.payment_method_types:
            return PaymentMethodChoice(choice.payment_method, account.name)
    return choice


def _by_default(
    of_mode: Sequence[ConfiguredAccount], offered: Sequence[PaymentMethodChoice]
) -> list[ConfiguredAccount]:
    """For each payment method in the merchant's order, the account that it is bound to, or the default of its type."""
    ordered = {
        (account.psp, account.name): account
        for choice in offered
        for account in of_mode
        if _takes(account, choice) and (choice.psp_account is not None or account.is_default)
    }
    return list(ordered.values())


def _by_rule(of_mode: Sequence[ConfiguredAccount], rule: Chosen) -> list[ConfiguredAccount]:
    """The accounts of the mode that a rule names, in its order."""
    by_name = {AccountName(account.psp, account.name): account for account in of_mode}
    return [by_name[name] for name in rule.accounts if name in by_name]


def _takes(account: ConfiguredAccount, choice: PaymentMethodChoice) -> bool:
    if choice.psp_account is not None and choice.psp_account != account.name:
        return False
    return payment_method_type(choice.payment_method) in account.limits.payment_method_types


def _attempt_at(
    account: ConfiguredAccount, offered: Sequence[PaymentMethodChoice]
) -> PlannedAttempt | SkipReason:
    """What the account would be asked for: with the first payment method that it can take."""
    for choice in offered:
        if _takes(account, choice) and not _is_unbound_token(choice):
            return PlannedAttempt(account.psp, account.name, choice.payment_method)
    if any(
        payment_method_type(choice.payment_method) in account.limits.payment_method_types
        for choice in offered
    ):
        return "token_of_other_account"
    return "payment_method_not_taken"


def _is_unbound_token(choice: PaymentMethodChoice) -> bool:
    return choice.psp_account is None and token_of(choice.payment_method) is not None


def _told_by(attempts: Sequence[PlannedAttempt]) -> tuple[PaymentMethodChoice, ...]:
    """What the merchant offered, if they offered no more than what the only attempt takes."""
    if len(attempts) != 1:
        return ()
    (only,) = attempts
    has_token = token_of(only.payment_method) is not None
    return (PaymentMethodChoice(only.payment_method, only.psp_account if has_token else None),)


def _drawn_first(attempts: list[PlannedAttempt], rule: Chosen) -> list[PlannedAttempt]:
    """The attempt that the draw falls on, by the weights of those that can carry the charge; then the others in order."""
    weight_of = dict(zip(rule.accounts, rule.weights, strict=False))
    weights = [weight_of.get(AccountName(one.psp, one.psp_account), 0) for one in attempts]
    point = rule.draw * sum(weights)
    for place, until in enumerate(accumulate(weights)):
        if point < until:
            return [attempts[place], *attempts[:place], *attempts[place + 1 :]]
    return attempts


def _not_configured(rule: Chosen, accounts: Sequence[ConfiguredAccount]) -> Iterator[Skipped]:
    """The accounts that the rule names and no setting does, in either mode."""
    known = {AccountName(account.psp, account.name) for account in accounts}
    for name in rule.accounts:
        if name not in known:
            yield Skipped(name.psp, name.account, "account_not_configured")


def _unknown_account(request: RouteRequest, of_mode: Sequence[ConfiguredAccount]) -> NoRoute | None:
    """The first account that a payment method names and the mode does not have. Other accounts are not told to a merchant."""
    known = {account.name for account in of_mode}
    for place, choice in enumerate(request.offered):
        if choice.psp_account is not None and choice.psp_account not in known:
            mode = "live" if request.livemode else "test"
            detail = f"There is no PSP account {choice.psp_account} for {mode} mode."
            return NoRoute("account_unknown", detail, place)
    return None


def _no_route(
    request: RouteRequest,
    candidates: Sequence[ConfiguredAccount],
    offered: Sequence[PaymentMethodChoice],
    rule: Chosen | None,
) -> NoRoute:
    """Why no account takes the charge: the money at the first account that takes the payment method, else that none does."""
    for account in candidates:
        if isinstance(_attempt_at(account, offered), PlannedAttempt):
            refusal = account.limits.refusal_of(request.money)
            if refusal is not None:
                return NoRoute(refusal.code, refusal.detail)
    mode = "live" if request.livemode else "test"
    kinds = ", ".join(
        payment_method_type(choice.payment_method)
        + (f" of account {choice.psp_account}" if choice.psp_account is not None else "")
        for choice in offered
    )
    by_rule = "" if rule is None else f" to which the routing rule {rule.rule} sends it"
    return NoRoute("payment_method_not_taken", f"No account for {mode} mode{by_rule} takes {kinds}.")
