"""The rules of risk against everything that can happen: what they decide of a charge is what becomes of it, and each request counts once."""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from fincore.domain.events import ChargeCreated, ChargeEvent, ReviewDecided, RiskAssessed
from fincore.domain.ids import ChargeId
from fincore.domain.risk import RiskDecision
from fincore.eventstore.commit import IdempotencyKey
from fincore.write.payments.customer_request import CustomerRequest
from fincore.write.payments.risk_request import dedupe_of_key
from fincore.write.risk.failure_mode import FailureMode
from fincore.write.risk.in_process_engine import InProcessEngine
from fincore.write.risk.rules import RuleSet
from fixtures.commits import MERCHANT
from fixtures.risk import NoEarlierCards, rule_set
from fixtures.risk import rule as risk_rule
from fixtures.scripted_psp import SteppedClock
from simulation.machine import Methods, _expect_none
from simulation.merchant import WISH, Wish, offered
from simulation.psp_model import Nature
from simulation.psps import Psps
from simulation.queue_model import QueueModel
from simulation.risk_store_model import TROUBLES, RiskStoreModel, Trouble
from simulation.test_reviews import ReviewedPayments
from simulation.test_simulation import EXAMPLES, TIMEOUT_SECONDS, _settings
from simulation.world import StoreInMemory, World

LIMIT: Final = 2
"""Charges of one e-mail address that pass in an hour."""
RULES: Final = (
    risk_rule("embargo", 'has_shipping_country && shipping_country == "KP"')
    + risk_rule("limit", f"has_email && attempts_by_email_1h > {LIMIT}")
    + risk_rule("new_device", 'has_device_id && device_id == "new"', "review", fallback="block")
    + risk_rule("automaton", 'has_user_agent && user_agent == "automaton"', "challenge", fallback="allow")
)


class Buyer(NamedTuple):
    """A person who buys: what the merchant tells of them, and what the rules may make of it."""

    about: Mapping[str, Any]
    may_become: frozenset[RiskDecision]

    @property
    def email(self) -> str | None:
        customer = self.about.get("customer")
        return customer.email if customer else None


def buyer(*may_become: RiskDecision, shipping_country: str | None = None, **customer: str) -> Buyer:
    """A buyer, with the few things that the merchant tells of them."""
    about: dict[str, Any] = {"customer": CustomerRequest(**customer)} if customer else {}
    if shipping_country:
        about["shipping_country"] = shipping_country
    return Buyer(about, frozenset(may_become))


BUYERS: Final = (
    buyer("allow"),
    buyer("block", shipping_country="KP"),
    buyer("allow", "block", email="ada@example.com"),
    buyer("review", "block", email="ada@example.com", device_id="new"),
    # A wallet cannot challenge: the rule's fallback counts.
    buyer("challenge", "allow", "block", email="bob@example.com", user_agent="automaton"),
    buyer("review", device_id="new"),
    buyer("review", device_id="new", user_agent="automaton"),
)
MODES: Final[tuple[FailureMode, ...]] = ("open", "review", "closed")
LEAST: Final[Mapping[FailureMode, frozenset[RiskDecision]]] = MappingProxyType(
    {
        "open": frozenset({"allow", "challenge", "review", "block"}),
        "review": frozenset({"review", "block"}),
        "closed": frozenset({"block"}),
    }
)
"""What may become of a charge for which the store did not answer."""
HOUR: Final = timedelta(hours=1)
COUNTER: Final = "attempts_by_email_1h"


class _Live:
    """One live version."""

    shadow = ()
    lacks_live = False

    def __init__(self, live: RuleSet) -> None:
        self.live = live


RULES_IN_FORCE: Final = _Live(rule_set(RULES))


class PaymentsUnderRules(ReviewedPayments):
    """The same world, with the engine as it is over a store that fails, and buyers that its rules tell apart."""

    mode: FailureMode
    counters: RiskStoreModel
    buyers: dict[str, Buyer]
    """By the key of what they wish for."""

    def new_world(self, nature: Nature, seed: int) -> World:
        clock = SteppedClock()
        queue = QueueModel(clock)
        self.mode, self.counters, self.buyers = MODES[seed % len(MODES)], RiskStoreModel(clock), {}
        engine = InProcessEngine(
            RULES_IN_FORCE,
            self.counters,
            NoEarlierCards(),
            clock,
            timeout_seconds=TIMEOUT_SECONDS,
            failure_mode=self.mode,
        )
        store = StoreInMemory(clock, queue)
        return World(self.loop, clock, queue, store, Psps(clock, nature), seed=seed, risk=engine)

    def wish_of(self, methods: Methods, *, capture: bool) -> Wish:
        one = self.world.random.choice(BUYERS)
        wish = self.world.merchant.charge(1000, *map(offered, methods), capture=capture, **one.about)
        self.buyers[wish.key] = one
        return wish

    @rule(troubles=st.lists(st.sampled_from(TROUBLES), max_size=3))
    def the_risk_store_is_in_trouble(self, troubles: list[Trouble]) -> None:
        self.counters.troubles = deque(troubles)

    @invariant()
    def the_rules_hold(self) -> None:
        _expect_none(
            [
                *(
                    finding
                    for charge_id, events in self.world.history().items()
                    for finding in self._as_decided(charge_id, [one.event for one in events])
                ),
                *self._within_the_limit(),
            ]
        )

    def _as_decided(self, charge_id: ChargeId, events: Sequence[ChargeEvent]) -> Iterator[str]:
        """A charge was assessed once, by what is known of its buyer, and has become what was decided."""
        found = [event.assessment for event in events if isinstance(event, RiskAssessed)]
        if len(found) != 1:
            yield f"{charge_id} was assessed {len(found)} times"
            return
        (risk,), one = found, self.buyers[wish_key(events)]
        may_become = LEAST[self.mode] if risk.unavailable else one.may_become
        if risk.decision not in may_become:
            yield f"{charge_id}: {risk.decision} by {risk.rule}, {risk.unavailable} in the mode {self.mode}"
        if int(risk.facts.get(COUNTER, 0)) > sum(of.email == one.email for of in self.buyers.values()):
            yield f"{charge_id}: more attempts were counted than requests were ever made"
        asked = self.world.psps.authorizations_asked(charge_id)
        if risk.decision == "block" and (asked or self.world.charges()[charge_id].status != "failed"):
            yield f"{charge_id} was blocked, and goes on: {asked}"
        if risk.decision == "challenge" and not all(request.challenge for request in asked):
            yield f"{charge_id} was to be challenged, and a PSP was not asked to"
        if sum(isinstance(event, ReviewDecided) for event in events) > 1:
            yield f"{charge_id}: its review was decided more than once"

    def _within_the_limit(self) -> Iterator[str]:
        """In any hour, no more attempts of one address pass than the rule allows, of those that the store answered for."""
        passed: dict[str, list[datetime]] = defaultdict(list)
        for charge_id, charge in self.world.charges().items():
            key = wish_key([one.event for one in self.world.history()[charge_id]])
            email = self.buyers[key].email
            if charge.risk and charge.risk.decision != "block" and not charge.risk.unavailable and email:
                dedupe = dedupe_of_key(IdempotencyKey(MERCHANT, livemode=False, key=key))
                passed[email].append(self.counters.counted_at(dedupe))
        for email, moments in passed.items():
            moments.sort()
            for first, beyond in zip(moments, moments[LIMIT:], strict=False):
                if beyond - first < HOUR:
                    yield f"{email}: {LIMIT + 1} attempts passed from {first} to {beyond}"


def wish_key(events: Sequence[ChargeEvent]) -> str:
    """The key of the request that made a charge."""
    born = events[0]
    assert isinstance(born, ChargeCreated)
    return born.metadata[WISH]


@pytest.mark.sampled
@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_random_faults_leave_what_rules_decided() -> None:
    run_state_machine_as_test(PaymentsUnderRules, settings=_settings(max(EXAMPLES // 4, 1), 40))
