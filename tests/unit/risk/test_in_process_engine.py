"""The risk engine: what it asks the store, what it says when the store does not answer, and that it never fails a charge."""

import asyncio
from collections.abc import Collection, Sequence
from typing import NamedTuple

import pytest
from msgspec.structs import replace
from prometheus_client import REGISTRY

from fincore.domain.errors import Overloaded, StoreUnavailable
from fincore.domain.payment_method import CardInstrument
from fincore.domain.risk import CustomerContext, RiskAssessment, RuleHit
from fincore.write.risk.failure_mode import FailureMode
from fincore.write.risk.in_process_engine import ERRORS_KEPT_MAX, UNKNOWN_KEPT_MAX, InProcessEngine
from fincore.write.risk.instruments import instrument_of
from fincore.write.risk.rules import RuleSet
from fincore.write.risk.store import Counter, ListName, Membership, Observation, Readings
from fixtures.clocks import HandClock
from fixtures.risk import MERCHANT, NOON, REQUEST, rule, rule_set

ATTEMPTS = Counter("attempts", "ip", "1h")
LISTED = Membership(ListName("bad_emails"), "email", "ann@example.com")
COUNTING = rule("counting", "attempts_by_ip_1h > 5")
LISTING = rule("listing", 'in_list("bad_emails", email)', "block", stage="block_lists")
PLAIN = rule("plain", "amount_minor > 5000")


class Rules(NamedTuple):
    """Versions in force."""

    live: RuleSet | None = None
    shadow: Sequence[RuleSet] = ()
    lacks_live: bool = False


class Store:
    """A store that gives every counter the same number; `error` or a wait take the answer's place."""

    def __init__(
        self,
        count: int = 1,
        members: Collection[Membership] = (),
        *,
        error: Exception | None = None,
        answers: bool = True,
    ) -> None:
        self.count = count
        self.members = members
        self.error = error
        self.answers = answers
        self.asked: list[tuple[Observation, set[Counter], set[Membership]]] = []

    async def observe(
        self, observation: Observation, counters: Collection[Counter], memberships: Collection[Membership]
    ) -> Readings:
        self.asked.append((observation, set(counters), set(memberships)))
        if not self.answers:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        return Readings(
            counts=dict.fromkeys(counters, self.count),
            members=frozenset(one for one in memberships if one in self.members),
        )


class Cards:
    """What PSPs told of the card behind every token; `error` or a wait take the answer's place."""

    def __init__(
        self, card: CardInstrument | None = None, *, error: Exception | None = None, answers: bool = True
    ) -> None:
        self.card = card
        self.error = error
        self.answers = answers
        self.asked: list[bytes] = []

    async def find(self, instrument: bytes) -> CardInstrument | None:
        self.asked.append(instrument)
        if not self.answers:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        return self.card


def engine(
    rules: Rules,
    store: Store,
    mode: FailureMode = "open",
    timeout_seconds: float = 60,
    cards: Cards | None = None,
) -> InProcessEngine:
    return InProcessEngine(
        rules,
        store,
        cards or Cards(),
        HandClock(NOON),
        timeout_seconds=timeout_seconds,
        failure_mode=mode,
    )


async def assessed(
    text: str,
    store: Store,
    mode: FailureMode = "open",
    timeout_seconds: float = 60,
    cards: Cards | None = None,
    **changes: object,
) -> RiskAssessment:
    found = await engine(Rules(rule_set(text, 7)), store, mode, timeout_seconds, cards).assess(
        replace(REQUEST, **changes)
    )
    assert found is not None
    return found


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


async def test_engine_without_rules_says_and_asks_nothing() -> None:
    store = Store()
    idle = engine(Rules(), store)
    assert (idle.is_active, await idle.assess(REQUEST), store.asked) == (False, None, [])


async def test_engine_asks_for_what_rules_name_and_no_more() -> None:
    store = Store(count=6)
    found = await assessed(COUNTING + LISTING + PLAIN, store)
    ((observation, counters, memberships),) = store.asked
    assert (counters, memberships) == ({ATTEMPTS}, {LISTED})
    assert (observation.merchant_id, observation.livemode, observation.dedupe) == (MERCHANT, False, bytes(16))
    assert observation.values == {
        "ip": "192.0.2.1",
        "email": "ann@example.com",
        "email_domain": "example.com",
        "card": "pm_card_visa",
        "merchant": MERCHANT,
    }
    assert observation.card == "pm_card_visa"
    assert (found.rules_version, found.decision, found.rule) == (7, "block", "counting")
    assert found.facts == {
        "attempts_by_ip_1h": 6,
        "email": "ann@example.com",
        "amount_minor": 1999,
        'in_list("bad_emails", email)': False,
    }


async def test_rules_that_need_no_store_do_not_ask_it() -> None:
    store = Store(error=StoreUnavailable("away"))
    found = await assessed(rule("a", "amount_minor == 1999"), store, "closed")
    assert (found.decision, found.unavailable, store.asked) == ("block", None, [])


async def test_counter_and_list_of_an_unknown_key_are_not_asked_for() -> None:
    store = Store()
    found = await assessed(COUNTING + LISTING, store, customer=CustomerContext(device_id="d1"))
    assert store.asked == []
    assert (found.decision, found.unknown, found.unavailable) == ("allow", ("listing", "counting"), None)


async def test_entry_of_a_list_decides() -> None:
    found = await assessed(LISTING, Store(members=[LISTED]))
    assert (found.decision, found.rule) == ("block", "listing")
    assert found.facts['in_list("bad_emails", email)'] is True


@pytest.mark.parametrize(
    ("more", "decision", "unknown"),
    [
        ("", "allow", ("unlisted",)),
        (' && in_list("bad_ips", ip)', "allow", ()),
        (' || !in_list("bad_ips", ip)', "block", ()),
    ],
)
async def test_value_that_no_list_can_hold_is_unknown(
    more: str, decision: str, unknown: tuple[str, ...]
) -> None:
    """Staff could not list it, so that its absence says nothing."""
    store = Store()
    text = rule("unlisted", f'!in_list("bad_emails", email){more}')
    found = await assessed(text, store, email="ann@shop,example.com")
    assert {one.list for _, _, asked in store.asked for one in asked} <= {"bad_ips"}
    assert 'in_list("bad_emails", email)' not in found.facts
    assert (found.decision, found.unknown, found.errors) == (decision, unknown, ())


async def test_metadata_is_read_and_not_kept_twice() -> None:
    found = await assessed(rule("a", 'metadata["tier"] == "gold"'), Store(), metadata={"tier": "gold"})
    assert (found.rule, found.facts) == ("a", {})


FAILURES = [
    (Store(error=StoreUnavailable("away")), "store_unavailable"),
    (Store(error=Overloaded("the queue")), "store_unavailable"),
    (Store(error=ZeroDivisionError()), "store_unavailable"),
    (Store(answers=False), "store_slow"),
]


@pytest.mark.parametrize(("store", "why"), FAILURES)
@pytest.mark.parametrize(("mode", "decision"), [("open", "allow"), ("review", "review"), ("closed", "block")])
async def test_failure_mode_counts_where_the_store_is_silent(
    store: Store, why: str, mode: FailureMode, decision: str
) -> None:
    before = counted("fincore_risk_unavailable_total", reason=why)
    found = await assessed(COUNTING + LISTING, store, mode, timeout_seconds=0.001)
    assert (found.decision, found.rule, found.unavailable) == (decision, None, why)
    assert (found.hits, found.unknown) == ((), ("listing", "counting"))
    assert counted("fincore_risk_unavailable_total", reason=why) == before + 1


async def test_failure_that_cannot_be_held_for_review_blocks() -> None:
    found = await assessed(COUNTING, Store(error=StoreUnavailable("away")), "review", can_hold=False)
    assert (found.decision, found.fell_back_from) == ("block", "review")


@pytest.mark.parametrize("mode", ["open", "review", "closed"])
async def test_rules_that_need_no_store_decide_while_it_is_away(mode: FailureMode) -> None:
    found = await assessed(
        COUNTING + rule("plain", "amount_minor == 1999"), Store(error=StoreUnavailable("away")), mode
    )
    assert (found.decision, found.rule, found.unavailable) == ("block", "plain", "store_unavailable")


async def test_failure_mode_is_stricter_than_a_milder_rule() -> None:
    store = Store(error=StoreUnavailable("away"))
    milder = rule("milder", action="challenge", fallback="allow")
    found = await assessed(COUNTING + milder, store, "review")
    assert (found.decision, found.rule) == ("review", None)
    found = await assessed(COUNTING + rule("x", action="review", fallback="block"), store, "review")
    assert (found.decision, found.rule) == ("review", "x")


@pytest.mark.parametrize(("mode", "decision"), [("open", "allow"), ("review", "review"), ("closed", "block")])
async def test_failure_mode_counts_where_no_live_version_is_usable(mode: FailureMode, decision: str) -> None:
    without = engine(Rules(lacks_live=True), Store(), mode)
    found = await without.assess(REQUEST)
    assert found is not None
    assert (without.is_active, found.decision, found.unavailable, found.rules_version) == (
        True,
        decision,
        "no_rules",
        0,
    )


async def test_defect_of_the_engine_leaves_the_failure_mode() -> None:
    # A list of payment methods is never empty; an engine that relied on it would fail the charge.
    found = await assessed(COUNTING, Store(), "closed", payment_method_types=())
    assert (found.decision, found.unavailable, found.rules_version) == ("block", "no_rules", 7)


async def test_shadow_decides_nothing_and_is_kept_beside() -> None:
    shadow = rule_set(COUNTING + rule("hit", action="review", fallback="allow"), 8)
    store = Store(count=9)
    found = await engine(Rules(rule_set(PLAIN, 7), [shadow]), store).assess(REQUEST)
    assert found is not None
    assert (found.rules_version, found.decision, found.rule, found.hits) == (7, "allow", None, ())
    (tried,) = found.shadow
    assert (tried.rules_version, tried.decision, tried.rule) == (8, "block", "counting")
    assert tried.hits == (RuleHit("counting", "block"),)
    assert found.facts["attempts_by_ip_1h"] == 9


async def test_shadow_alone_is_assessed_without_a_live_version() -> None:
    alone = engine(Rules(shadow=[rule_set(COUNTING, 8)]), Store(count=9), "closed")
    found = await alone.assess(REQUEST)
    assert found is not None
    assert (found.rules_version, found.decision, found.shadow[0].decision) == (0, "allow", "block")


async def test_shadow_without_the_store_leaves_the_live_decision() -> None:
    shadows = [rule_set(COUNTING, 8), rule_set(rule("all"), 9)]
    found = await engine(
        Rules(rule_set(PLAIN, 7), shadows), Store(error=StoreUnavailable("away")), "closed"
    ).assess(REQUEST)
    assert found is not None
    assert (found.decision, found.unavailable) == ("allow", None)
    assert [(one.rules_version, one.decision) for one in found.shadow] == [(9, "block")]


async def test_what_each_rule_said_is_counted() -> None:
    labels = {"mode": "live", "action": "review"}
    names = ("counted-hit", "counted-unknown", "counted-error")
    rules = "".join(
        rule(name, when, "review", fallback="allow")
        for name, when in zip(names, ("true", 'device_id == "d"', "1 / 0 > amount_minor"), strict=True)
    )
    found = await assessed(rules, Store())
    assert (found.decision, found.unknown, [one.rule for one in found.errors]) == (
        "review",
        names[1:2],
        [names[2]],
    )
    results = ("hit", "unknown", "error")
    assert [
        counted("fincore_risk_rule_results_total", **labels, rule=name, result=result)
        for name, result in zip(names, results, strict=True)
    ] == [1, 1, 1]


async def test_what_did_not_decide_is_kept_within_bounds() -> None:
    unknown = "".join(rule(f"u{number}", 'device_id == "d"') for number in range(UNKNOWN_KEPT_MAX + 1))
    erring = "".join(
        rule(f"e{number}", 'metadata["' + "k" * 400 + '"] == ""') for number in range(ERRORS_KEPT_MAX + 1)
    )
    found = await assessed(unknown + erring, Store())
    assert (len(found.unknown), len(found.errors)) == (UNKNOWN_KEPT_MAX, ERRORS_KEPT_MAX)
    assert max(len(error.reason) for error in found.errors) == 200


ABROAD = rule("abroad", 'card_country == "GB"')
UNTOLD = rule("untold", "!has_card_country")
EARLIER = CardInstrument(brand="visa", country="GB", funding="debit", fingerprint="fp_1")
BY_CARD = Counter("attempts", "card", "1h")


async def test_card_of_an_earlier_payment_is_looked_up_once() -> None:
    cards, store = Cards(EARLIER), Store(count=6)
    found = await assessed(
        ABROAD + rule("again", 'card_funding == "debit" && attempts_by_card_1h > 5'), store, cards=cards
    )
    assert cards.asked == [instrument_of("pm_card_visa", merchant_id=MERCHANT, livemode=False)]
    assert (found.rule, found.facts["card_country"]) == ("abroad", "GB")
    ((observation, counters, _),) = store.asked
    assert (observation.values["card"], observation.fingerprint, observation.card) == (
        "pm_card_visa",
        "fp_1",
        "pm_card_visa",
    )
    assert counters == {BY_CARD}


@pytest.mark.parametrize(
    ("when", "is_asked"),
    [
        ("attempts_by_ip_1h > 5 && has_card", False),
        ("distinct_cards_by_ip_1h > 5", False),
        ('has_card_bin && card_bin == "424242"', False),
        ("attempts_by_bin_1h > 5", False),
        ("attempts_by_card_1h > 5", True),
        ("declines_by_card_1h > 5", True),
        ("has_card_fingerprint", True),
        ('has_card_brand && card_brand == "visa"', True),
        ("!has_card_country", True),
        ('card_funding == "prepaid"', True),
    ],
)
async def test_card_is_looked_up_if_rules_read_it_and_not_else(when: str, *, is_asked: bool) -> None:
    for is_live in (True, False):
        rules, cards = rule_set(rule("one", when)), Cards()
        in_force = Rules(live=rules) if is_live else Rules(shadow=[rules])
        await engine(in_force, Store(), cards=cards).assess(REQUEST)
        assert bool(cards.asked) == is_asked


async def test_fact_that_the_request_tells_is_not_looked_up() -> None:
    cards = Cards(EARLIER)
    told = CardInstrument(country="FR")
    found = await assessed(ABROAD, Store(), cards=cards, instrument=told)
    assert (found.decision, cards.asked) == ("allow", [])
    # Nor does an earlier one take its place, where another fact has to be looked up.
    brand = rule("brand", 'card_brand == "visa"', "review", fallback="allow")
    found = await assessed(ABROAD + brand, Store(), cards=cards, instrument=told)
    assert (found.rule, found.facts["card_country"], len(cards.asked)) == ("brand", "FR", 1)


async def test_charge_without_a_token_looks_no_card_up() -> None:
    cards = Cards(error=StoreUnavailable("away"))
    found = await assessed(ABROAD + UNTOLD, Store(), "closed", cards=cards, payment_token=None)
    assert (found.rule, found.unknown, found.unavailable, cards.asked) == ("untold", ("abroad",), None, [])


async def test_card_that_no_psp_told_stays_unknown() -> None:
    found = await assessed(ABROAD + UNTOLD, Store())
    assert (found.rule, found.unknown, found.unavailable) == ("untold", ("abroad",), None)


@pytest.mark.parametrize(
    ("cards", "reason", "timeout_seconds"),
    [
        (Cards(error=StoreUnavailable("away")), "store_unavailable", 60),
        (Cards(error=ValueError("a defect")), "store_unavailable", 60),
        (Cards(answers=False), "store_slow", 0.001),
    ],
)
@pytest.mark.parametrize(("mode", "decision"), [("open", "allow"), ("review", "review"), ("closed", "block")])
async def test_failure_mode_counts_where_cards_are_not_told(
    cards: Cards, reason: str, timeout_seconds: float, mode: FailureMode, decision: str
) -> None:
    """And that the country is not known is not known either: the rule about it does not decide."""
    found = await assessed(ABROAD + UNTOLD, Store(), mode, timeout_seconds, cards)
    assert (found.decision, found.unavailable, found.unknown) == (decision, reason, ("abroad", "untold"))


async def test_attempt_counts_where_its_card_is_not_told() -> None:
    store = Store(count=6)
    found = await assessed(COUNTING + ABROAD, store, "review", cards=Cards(error=StoreUnavailable("away")))
    assert (found.rule, found.unavailable, len(store.asked)) == ("counting", "store_unavailable", 1)


async def test_shadow_that_lacks_its_card_has_no_result() -> None:
    shadows = [rule_set(ABROAD, 8), rule_set(rule("all"), 9)]
    found = await engine(
        Rules(rule_set(COUNTING, 7), shadows),
        Store(count=6),
        "closed",
        cards=Cards(error=StoreUnavailable("away")),
    ).assess(REQUEST)
    assert found is not None
    assert (found.rule, found.unavailable) == ("counting", None)
    assert [one.rules_version for one in found.shadow] == [9]
