"""The routing for tokens that a customer's browser will make: for each type of payment method the account to make it at. Pure.

The router decides over what is known in the browser. A token belongs to the account that makes it and is charged there, so that
an account that the PSP cannot be reached for is passed over here, where the plan of a charge would go on to the next one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, get_args

import msgspec

from fincore.domain.ids import MerchantId
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.payment_method import CardToken, PaymentMethod, PayPalWallet
from fincore.domain.route_plan import PaymentMethodChoice, PlannedAttempt
from fincore.write.psp.account import BrowserAccess, ConfiguredAccount
from fincore.write.routing.plan import AccountName
from fincore.write.routing.router import NoRoute, Router, RouteRequest

BrowserMethodType = Literal["card", "paypal"]
"""What a browser can pay with; a kept wallet is charged by its token, without a browser."""

_NOT_MADE_YET: Final[Mapping[BrowserMethodType, PaymentMethod]] = {
    "card": CardToken("not_made_yet"),
    "paypal": PayPalWallet(),
}
"""What stands for the payment method in the plan until the browser has made it."""

IsOpen = Callable[[PspName, PspAccount], bool]
"""Whether the breaker of an account is open."""


class BrowserRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser's page knows of a charge to come. `key` is what weights are drawn by."""

    key: str
    merchant_id: MerchantId
    livemode: bool
    money: Money


class BrowserMethod(msgspec.Struct, frozen=True, kw_only=True):
    """One type of payment method, the account that it is for, and what the browser needs of the account."""

    type: BrowserMethodType
    psp: PspName
    account: PspAccount
    access: BrowserAccess


class BrowserOffer(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser may offer the customer, one method of a type; at least one. `rules_version`: the rules that decided."""

    methods: tuple[BrowserMethod, ...]
    rules_version: int | None


def browser_offer(
    request: BrowserRequest,
    router: Router,
    accounts: Sequence[ConfiguredAccount],
    accesses: Mapping[AccountName, BrowserAccess],
    is_open: IsOpen,
) -> BrowserOffer | NoRoute:
    """What a browser may offer for a charge, or why it may offer nothing: the first reason that the router gives."""
    methods: list[BrowserMethod] = []
    refusals: list[NoRoute] = []
    rules_version: int | None = None
    for kind in get_args(BrowserMethodType):
        able = [
            account
            for account in sorted(accounts, key=lambda one: not one.is_default)
            if account.livemode == request.livemode
            and kind in account.limits.payment_method_types
            and AccountName(account.psp, account.name) in accesses
        ]
        if not able:
            continue
        plan = router.route(_asked(request, _NOT_MADE_YET[kind], able))
        if isinstance(plan, NoRoute):
            refusals.append(plan)
            continue
        rules_version = plan.rules_version
        attempts: Sequence[PlannedAttempt] = plan.attempts
        if plan.rule is None:
            # Without a rule charges go to the default account, and so do tokens.
            defaults = {(account.psp, account.name) for account in able if account.is_default}
            attempts = [one for one in attempts if (one.psp, one.psp_account) in defaults]
        if not attempts:
            continue
        chosen = next((one for one in attempts if not is_open(one.psp, one.psp_account)), attempts[0])
        access = accesses[AccountName(chosen.psp, chosen.psp_account)]
        methods.append(BrowserMethod(type=kind, psp=chosen.psp, account=chosen.psp_account, access=access))
    if methods:
        return BrowserOffer(methods=tuple(methods), rules_version=rules_version)
    if refusals:
        return refusals[0]
    if all(account.livemode != request.livemode for account in accounts):
        return NoRoute("psp_not_configured")
    mode = "live" if request.livemode else "test"
    return NoRoute(
        "payment_method_not_taken", f"No account for {mode} mode offers browsers a payment method."
    )


def _asked(request: BrowserRequest, method: PaymentMethod, able: Sequence[ConfiguredAccount]) -> RouteRequest:
    """The charge as far as it is known, with the payment method at each account that could make it."""
    return RouteRequest(
        key=request.key,
        merchant_id=request.merchant_id,
        livemode=request.livemode,
        money=request.money,
        capture_method="automatic",
        offered=tuple(PaymentMethodChoice(method, account.name) for account in able),
    )
