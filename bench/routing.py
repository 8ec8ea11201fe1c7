"""What it costs to decide where a charge goes: without rules, and by twenty of which the last one matches."""

import time
from statistics import median
from typing import Final

from bench.figures import Figure, show
from bench.store import Store
from fincore.domain.currency import Currency
from fincore.domain.ids import MerchantId, new_charge_id
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount
from fincore.domain.payment_method import CardToken
from fincore.domain.route_plan import PaymentMethodChoice, RoutePlan
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.psp.stripe.account import STRIPE
from fincore.write.psp.stripe.limits import STRIPE_LIMITS
from fincore.write.routing.account_router import AccountRouter
from fincore.write.routing.router import RouteRequest
from fincore.write.routing.rule_file import read_rules
from fincore.write.routing.rules import LiveRules

RULES: Final = 20
ROUNDS: Final = 9
CHARGES: Final = 2_000
TARGET_MICROSECONDS: Final = 150.0

CONDITIONS: Final = (
    'currency == "eur" && amount_minor > {n}',
    '"card" in payment_method_types && amount_minor > 1000000{n}',
    '"tier" in metadata && metadata["tier"] == "gold-{n}"',
    'capture_method == "manual" && currency in ["chf", "sek", "nok"] && amount_minor > {n}',
)
ACCOUNTS: Final = tuple(
    ConfiguredAccount(
        psp=STRIPE, name=PspAccount(name), livemode=False, is_default=name == "us", limits=STRIPE_LIMITS
    )
    for name in ("us", "eu")
)


def measure(store: Store) -> None:
    """Route charges in this process, alone: no server, no database. The store is for sections that need one."""
    del store
    live = _rules()
    alone = _microseconds(AccountRouter(ACCOUNTS))
    ruled = _microseconds(AccountRouter(ACCOUNTS, lambda: live))
    show(
        "Routing",
        f"CPU time to plan a charge, {ROUNDS} rounds of {CHARGES:,} charges, medians. {RULES} rules over currency, amount, payment "
        "methods and metadata; the last one matches and draws one of two accounts by weight.",
        [
            Figure(name="plan without rules", value=alone, unit="us", lower_is_better=True),
            Figure(
                name=f"plan with {RULES} rules",
                value=ruled,
                unit="us",
                target=TARGET_MICROSECONDS,
                lower_is_better=True,
                reference="without rules",
                reference_value=alone,
            ),
        ],
    )


def _rules() -> LiveRules:
    conditions = [CONDITIONS[number % len(CONDITIONS)].format(n=number) for number in range(RULES - 1)]
    text = "".join(
        f"[[rule]]\nname = 'rule-{number}'\nwhen = '''{condition}'''\naccounts = ['stripe/us', 'stripe/eu']\nweights = [1, 1]\n"
        for number, condition in enumerate([*conditions, "true"])
    )
    rules = read_rules(text)
    if isinstance(rules, list):
        raise RuntimeError(f"the rules of the benchmark are wrong: {rules[0]}")  # noqa: TRY004 -- not a caller's mistake
    return LiveRules(1, rules)


def _microseconds(router: AccountRouter) -> float:
    """CPU time of this process for one plan."""
    requests = [_request(number) for number in range(CHARGES)]
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for request in requests:
            plan = router.route(request)
        rounds.append((time.process_time() - began) / CHARGES * 1e6)
        if not isinstance(plan, RoutePlan):
            raise RuntimeError(f"a charge of the benchmark gets no plan: {plan}")  # noqa: TRY004 -- not a caller's mistake
    return median(rounds)


def _request(number: int) -> RouteRequest:
    return RouteRequest(
        key=new_charge_id(),
        merchant_id=MerchantId("mer_01kab5m5wvfb9v1c2m5hfv0d2e"),
        livemode=False,
        money=Money(1_000 + number, Currency("usd")),
        capture_method="automatic",
        offered=(
            PaymentMethodChoice(CardToken("pm_card_visa"), PspAccount("us")),
            PaymentMethodChoice(CardToken("pm_card_visa"), PspAccount("eu")),
        ),
        metadata={"order_id": f"order-{number}", "tier": "silver"},
    )
