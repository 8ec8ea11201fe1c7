"""What it costs to decide about the risk of a charge: by 10, 100 and 1,000 rules, in memory."""

import asyncio
import time
from collections.abc import Collection
from statistics import median
from typing import Final

from bench.figures import Figure, show
from bench.store import Store
from fincore.domain.clock import SystemClock
from fincore.domain.currency import Currency
from fincore.domain.ids import MerchantId, new_charge_id
from fincore.domain.money import Money
from fincore.domain.payment_method import CardInstrument
from fincore.domain.risk import CustomerContext
from fincore.write.risk.engine import RiskRequest
from fincore.write.risk.in_process_engine import InProcessEngine
from fincore.write.risk.rule_file import read_risk_rules
from fincore.write.risk.rules import RuleSet
from fincore.write.risk.store import Counter, Membership, Observation, Readings

RULES: Final = (10, 100, 1_000)
TARGET_RULES: Final = 100
TARGET_MICROSECONDS: Final = 2_000.0
ROUNDS: Final = 7
CHARGES: Final = {10: 2_000, 100: 500, 1_000: 50}

CONDITIONS: Final = (
    "has_ip && attempts_by_ip_1h > 10{n}",
    'has_email && in_list("stolen", email) && amount_minor > {n}',
    "has_card_country && has_billing_country && card_country != billing_country && amount_minor > 1000000{n}",
    'has_email && attempts_by_email_24h > 20{n} && email_domain == "mail-{n}.example"',
    'has_card && declines_by_card_24h > 30{n} || currency == "xts"',
)
"""Five kinds of rules over five counters and a list; none of them hits, so that all are evaluated."""


class _OneRuleSet:
    """A version that is live, and none in shadow."""

    shadow = ()
    lacks_live = False

    def __init__(self, live: RuleSet) -> None:
        self.live = live


class _AnswersAtOnce:
    """A store that has counted this attempt and nothing else: what is left is the engine."""

    async def observe(
        self, _: Observation, counters: Collection[Counter], memberships: Collection[Membership]
    ) -> Readings:
        del memberships
        return Readings(counts=dict.fromkeys(counters, 1))


def measure(store: Store) -> None:
    """Assess charges in this process, alone."""
    del store
    used = {count: _microseconds(count) for count in RULES}
    show(
        "Risk",
        f"CPU time to assess a charge in the process that accepts it, {ROUNDS} rounds, medians: facts, conditions and the order "
        "of decision, with a store that answers at once. The rules are of five kinds, over counters, lists, countries and amounts; "
        "none hits, so that all are evaluated.",
        [
            Figure(
                name=f"assess by {count:,} rules",
                value=used[count],
                unit="us",
                target=TARGET_MICROSECONDS if count == TARGET_RULES else None,
                lower_is_better=True,
                reference="" if count == RULES[0] else f"by {RULES[0]} rules",
                reference_value=None if count == RULES[0] else used[RULES[0]],
            )
            for count in RULES
        ],
    )


def rules_text(count: int) -> str:
    """A file of rules of which none hits."""
    conditions = [CONDITIONS[number % len(CONDITIONS)].format(n=number) for number in range(count)]
    return "".join(
        f"[[rules]]\nname = 'rule-{number}'\nwhen = '''{condition}'''\naction = 'block'\n"
        for number, condition in enumerate(conditions)
    )


def _microseconds(count: int) -> float:
    """CPU time of this process for one assessment."""
    rules = read_risk_rules(rules_text(count))
    if isinstance(rules, list):
        raise RuntimeError(f"the rules of the benchmark are wrong: {rules[0]}")  # noqa: TRY004 -- not a caller's mistake
    engine = InProcessEngine(
        _OneRuleSet(RuleSet(1, rules)),
        _AnswersAtOnce(),
        SystemClock(),
        timeout_seconds=1.0,
        failure_mode="open",
    )
    requests = [_request(number) for number in range(CHARGES[count])]
    return asyncio.run(_median_of_rounds(engine, requests))


async def _median_of_rounds(engine: InProcessEngine, requests: list[RiskRequest]) -> float:
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for request in requests:
            assessment = await engine.assess(request)
        rounds.append((time.process_time() - began) / len(requests) * 1e6)
        if assessment is None or assessment.decision != "allow" or assessment.errors or assessment.unknown:
            raise RuntimeError(f"a charge of the benchmark is not allowed: {assessment}")
    return median(rounds)


def _request(number: int) -> RiskRequest:
    return RiskRequest(
        merchant_id=MerchantId("mer_01kab5m5wvfb9v1c2m5hfv0d2e"),
        livemode=False,
        charge_id=new_charge_id(),
        dedupe=number.to_bytes(16),
        money=Money(1_000 + number, Currency("usd")),
        capture_method="automatic",
        payment_method_types=("card",),
        can_hold=True,
        can_challenge=True,
        payment_token="pm_card_visa",  # noqa: S106 -- a published test token
        customer=CustomerContext(
            id=f"customer-{number}", email=f"ada-{number}@example.com", ip="203.0.113.9", country="US"
        ),
        email=f"ada-{number}@example.com",
        billing_country="US",
        shipping_country="US",
        instrument=CardInstrument(
            brand="visa", country="US", funding="credit", fingerprint=f"fingerprint{number}"
        ),
        metadata={"order_id": f"order-{number}"},
    )
