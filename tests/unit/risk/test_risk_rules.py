"""Risk rules: the order in which they decide, and that an unknown fact or an error decides nothing."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fincore.domain.ids import new_merchant_id
from fincore.domain.risk import RuleHit
from fincore.write.risk.features import RISK_FACTS
from fincore.write.risk.rules import STRICTNESS, Case, Verdict, decide
from fixtures.risk import MERCHANT, NOON, rule, rule_set, rules_of

CASE = Case(MERCHANT, livemode=False, now=NOON, can_hold=True, can_challenge=True)
CANNOT = CASE._replace(can_hold=False, can_challenge=False)
HIT, MISS, ERR, UNKNOWN = "true", "false", "1 / amount_minor > 0", 'ip == "192.0.2.1"'
FALLBACKS = {"review": {"fallback": "allow"}, "challenge": {"fallback": "allow"}}


def verdict(
    *texts: str,
    case: Case = CASE,
    facts: Mapping[str, object] | None = None,
    entries: Sequence[tuple[str, str]] = (),
) -> Verdict:
    """What a file of these rules decides; of the charge little is known."""
    values = {
        "amount_minor": 0,
        "has_ip": False,
        "email": "a@b.example",
        "customer_id": "c1",
        **(facts or {}),
    }
    return rule_set("\n".join(texts)).decide(case, RISK_FACTS.bind(values, frozenset(entries)))


def reviewing(name: str, when: str = HIT, fallback: str = "allow", **more: object) -> str:
    return rule(name, when, "review", fallback=fallback, **more)


def challenging(name: str, when: str = HIT, fallback: str = "allow", **more: object) -> str:
    return rule(name, when, "challenge", fallback=fallback, **more)


BLOCK_LIST = rule("listed", 'in_list("bad_emails", email)', "block", stage="block_lists", priority=900)
ALLOW_LIST = rule(
    "known", 'in_list("good_customers", customer_id)', "allow", stage="allow_lists", priority=800
)
ON_BLOCK_LIST, ON_ALLOW_LIST = ("bad_emails", "a@b.example"), ("good_customers", "c1")


def test_charge_that_no_rule_hits_is_allowed() -> None:
    assert verdict() == Verdict()
    assert verdict(rule("a", MISS)) == Verdict()


def test_block_list_goes_before_allow_list_and_rules() -> None:
    found = verdict(rule("a", priority=0), ALLOW_LIST, BLOCK_LIST, entries=[ON_ALLOW_LIST, ON_BLOCK_LIST])
    assert (found.decision, found.rule, found.hits) == ("block", "listed", (RuleHit("listed", "block"),))


def test_allow_list_ends_before_rules_are_looked_at() -> None:
    found = verdict(rule("a", priority=0), ALLOW_LIST, BLOCK_LIST, entries=[ON_ALLOW_LIST])
    assert (found.decision, found.rule, found.hits) == ("allow", "known", (RuleHit("known", "allow"),))


def test_lists_that_do_not_hold_the_value_decide_nothing() -> None:
    others = [("bad_emails", "c1"), ("good_customers", "a@b.example"), ("bad_ips", "a@b.example")]
    assert verdict(ALLOW_LIST, BLOCK_LIST, entries=others) == Verdict()


def test_rules_decide_by_priority_then_by_place() -> None:
    found = verdict(reviewing("late"), rule("first", priority=1), rule("second", priority=1))
    assert (found.rule, found.hits) == ("first", (RuleHit("first", "block"),))
    found = verdict(challenging("a", priority=7), challenging("b", priority=7), challenging("c", priority=6))
    assert found.rule == "c"
    assert [hit.rule for hit in found.hits] == ["c", "a", "b"]


def test_strictest_of_those_that_hit_decides() -> None:
    found = verdict(challenging("a"), reviewing("b"), challenging("c"), reviewing("d"))
    assert (found.decision, found.rule) == ("review", "b")
    assert [hit.rule for hit in found.hits] == ["a", "b", "c", "d"]
    assert verdict(reviewing("a"), rule("b"), reviewing("c")).decision == "block"


def test_allow_ends_against_later_rules_only() -> None:
    assert verdict(rule("a", action="allow"), rule("b")).rule == "a"
    found = verdict(reviewing("a"), rule("b", action="allow"), rule("c"))
    assert (found.decision, found.rule) == ("review", "a")
    assert [hit.rule for hit in found.hits] == ["a", "b"]


@pytest.mark.parametrize("kind", ["review", "challenge"])
def test_fallback_takes_the_place_of_what_cannot_be_done(kind: str) -> None:
    blocked = verdict(rule("a", action=kind, fallback="block"), rule("b"), case=CANNOT)
    assert (blocked.decision, blocked.rule, blocked.fell_back_from) == ("block", "a", kind)
    assert [hit.rule for hit in blocked.hits] == ["a"]
    allowed = verdict(rule("a", action=kind, fallback="allow"), case=CANNOT)
    assert (allowed.decision, allowed.rule, allowed.fell_back_from) == ("allow", "a", kind)
    later = verdict(rule("a", action=kind, fallback="allow"), rule("b"), case=CANNOT)
    assert (later.decision, later.rule, later.fell_back_from) == ("block", "b", None)


def test_review_that_cannot_be_held_leaves_the_challenge() -> None:
    case = CASE._replace(can_hold=False)
    found = verdict(reviewing("a"), challenging("b"), case=case)
    assert (found.decision, found.rule, found.fell_back_from) == ("challenge", "b", None)
    other = verdict(reviewing("a"), challenging("b"), case=CASE._replace(can_challenge=False))
    assert (other.decision, other.rule, other.fell_back_from) == ("review", "a", None)


def test_rule_is_about_its_merchants_mode_and_time_only() -> None:
    other = new_merchant_id()
    assert verdict(f'{rule("a")}merchants = ["{other}"]') == Verdict()
    assert verdict(f'{rule("a")}merchants = ["{other}", "{MERCHANT}"]').rule == "a"
    assert verdict(rule("a", mode="live")) == Verdict()
    assert verdict(rule("a", mode="test")).rule == "a"
    assert verdict(rule("a", mode="live"), case=CASE._replace(livemode=True)).rule == "a"
    expiring = f"{rule('a')}expires = {NOON:%Y-%m-%dT%H:%M:%SZ}"
    assert verdict(expiring) == Verdict()
    assert verdict(expiring, case=CASE._replace(now=NOON - timedelta(microseconds=1))).rule == "a"


def test_lists_that_were_not_read_are_unknown() -> None:
    values = {"email": "a@b.example", "customer_id": "c1"}
    found = rule_set(f"{BLOCK_LIST}\n{ALLOW_LIST}").decide(CASE, RISK_FACTS.bind(values, None))
    assert (found.decision, found.unknown, found.errors) == ("allow", ("listed", "known"), ())


@pytest.mark.parametrize(
    "when",
    [
        UNKNOWN,
        '!(ip == "192.0.2.1")',
        'ip != "192.0.2.1"',
        "attempts_by_ip_1h < 5",
        '!in_list("bad_ips", ip)',
        'ip == "1" || amount_minor > 5',
        'ip.matches("1.*")',
    ],
)
def test_rule_that_needs_an_unknown_fact_does_not_decide(when: str) -> None:
    for action in ("block", "allow"):
        found = verdict(rule("a", when, action))
        assert (found.decision, found.rule, found.hits, found.unknown) == ("allow", None, (), ("a",))


def test_rule_that_does_not_hang_on_the_unknown_decides() -> None:
    assert verdict(rule("a", 'has_ip && ip == "192.0.2.1"')) == Verdict()
    assert verdict(rule("a", 'ip == "192.0.2.1" || amount_minor == 0')).rule == "a"


def test_rule_that_errs_is_told_apart_from_an_unknown_one() -> None:
    found = verdict(rule("a", ERR), rule("b", UNKNOWN), reviewing("c"))
    assert (found.decision, found.rule, found.unknown) == ("review", "c", ("b",))
    ((name, reason),) = [(one.rule, one.reason) for one in found.errors]
    assert name == "a"
    assert "divide by zero" in reason


def test_rules_beyond_one_group_are_looked_at() -> None:
    many = [rule(f"r{number}", MISS) for number in range(45)]
    assert verdict(*many) == Verdict()
    assert verdict(*many, rule("last")).rule == "last"
    assert verdict(*many, rule("last", UNKNOWN)).unknown == ("last",)


def test_groups_of_rules_decide_as_each_rule_by_itself() -> None:
    """Rules with an unknown fact, an error or a hit stand among others that need other facts, in every part of the order."""
    kinds = (
        "has_ip && attempts_by_ip_1h > 9",
        "attempts_by_email_1h > 9",
        'has_email && email == "x"',
        'device_id == "d"',
        "1 / amount_minor > 0",
        "amount_minor == 0 && attempts_by_email_1h == 5",
    )
    texts = [reviewing(f"r{number}", kinds[number * number % 67 % len(kinds)]) for number in range(120)]
    rules = rule_set("\n".join((*texts, rule("end", "amount_minor == 0", priority=101))))
    shared = {"amount_minor": 0, "email": "a", "has_email": True}
    cases: tuple[dict[str, object], ...] = (
        {"has_ip": True, "attempts_by_email_1h": 5},
        {"has_ip": False, "attempts_by_email_1h": 1, "device_id": "d"},
        {"has_ip": True, "attempts_by_ip_1h": 10, "amount_minor": 1},
    )
    for facts in cases:
        bound = RISK_FACTS.bind({**shared, **facts}, frozenset())
        assert rules.decide(CASE, bound) == decide(iter(rules.rules), CASE, bound)


ACTIONS = ("block", "review", "challenge", "allow")
CONDITIONS = (HIT, MISS, ERR, UNKNOWN)
COMPILED = {
    (action, when, fallback): rules_of(
        rule("x", when, action, **({"fallback": fallback} if action in FALLBACKS else {}))
    )[0]
    for action, when, fallback in product(ACTIONS, CONDITIONS, ("block", "allow"))
}
"""Every action under every condition, compiled once."""

cells = st.tuples(st.sampled_from(ACTIONS), st.sampled_from(CONDITIONS), st.sampled_from(("block", "allow")))


def oracle(rules: list[tuple[str, str, str]], *, can: bool) -> tuple[str, int | None]:
    """The decision and the place of the rule that made it, by the words of the guide."""
    hits = [(place, action, fallback) for place, (action, when, fallback) in enumerate(rules) if when == HIT]
    actual = [
        (place, action if can or action not in FALLBACKS else fallback, action)
        for place, action, fallback in hits
    ]
    ends = next(
        (at for at, (_, taken, asked) in enumerate(actual) if taken == "block" or asked == "allow"),
        len(actual),
    )
    looked_at = actual[: ends + 1]
    if not looked_at:
        return "allow", None
    strictest = max((taken for _, taken, _ in looked_at), key=STRICTNESS.index)
    return strictest, next(place for place, taken, _ in looked_at if taken == strictest)


@given(rules=st.lists(cells, max_size=6), can=st.booleans())
def test_decision_is_that_of_the_written_order(*, rules: list[tuple[str, str, str]], can: bool) -> None:
    named = [
        compiled._replace(rule=replace(compiled.rule, name=str(place)))
        for place, compiled in enumerate(COMPILED[cell] for cell in rules)
    ]
    case = CASE._replace(can_hold=can, can_challenge=can)
    found = decide(iter(named), case, RISK_FACTS.bind({"amount_minor": 0}, frozenset()))
    decision, place = oracle(rules, can=can)
    assert (found.decision, found.rule) == (decision, None if place is None else str(place))
    undecided = {str(place) for place, (_, when, _) in enumerate(rules) if when in (ERR, UNKNOWN)}
    assert found.rule not in undecided
    assert not undecided & {hit.rule for hit in found.hits}
