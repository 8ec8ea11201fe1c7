"""Rules tried on the charges of a log: the answers that a person can compute, and the same decisions as the live engine's."""

import asyncio
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fincore.backoffice.past_charges import Selection
from fincore.backoffice.risk_backtest import Trial, back_test, compare_shadow
from fincore.backoffice.risk_report import RiskReport
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.bootstrap.psp_limits import LIMITS
from fincore.domain.currency import Currency
from fincore.domain.events import ChargeCreated, ChargeEvent, ChargeFailed, RefundRequested, RefundSucceeded
from fincore.domain.ids import (
    ChargeId,
    MerchantId,
    charge_of,
    new_dispute_id,
    new_merchant_id,
    new_refund_id,
    stream_of,
)
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payment_method import CardToken
from fincore.domain.risk import CustomerContext, RiskAssessment, RuleHit, ShadowAssessment
from fincore.postgres.pool import Pool
from fincore.write.payments.risk_request import events_of, risk_request
from fincore.write.risk.in_process_engine import InProcessEngine
from fincore.write.risk.list_entries import NewEntry
from fincore.write.risk.lists import AskedThen, RiskLists
from fincore.write.risk.postgres_store import PostgresRiskStore
from fincore.write.risk.replayed_counters import ReplayedCounters
from fincore.write.risk.rules import RuleSet
from fincore.write.risk.store import Counter, ListName, Membership
from fixtures.clocks import HandClock
from fixtures.commits import MERCHANT, append, captured, created, dispute_opened, new_stream
from fixtures.risk import NOON, rule, rule_set
from fixtures.risk_stores import Attempts

ANN = CustomerContext(email="ann@example.com", ip="192.0.2.1")
BOB = CustomerContext(email="bob@example.com", ip="192.0.2.2")
EVERYTHING = Selection()


async def write(operator: OperatorStores, *events: ChargeEvent) -> ChargeId:
    """Write a charge."""
    stream_id = new_stream()
    await operator.writer.commit(append(stream_id, *events))
    return charge_of(stream_id)


async def tried(
    operator: OperatorStores, rules: RuleSet, selection: Selection = EVERYTHING, **more: int
) -> RiskReport:
    """What rules would have decided."""
    trial = Trial(rules=rules, selection=selection, **more)
    return await back_test(
        operator.log, operator.risk_lists, LIMITS, trial, progress=lambda _count, _at: None
    )


def at_minute(minute: float, *, amount_minor: int = 1000, **changes: object) -> ChargeCreated:
    """A charge so many minutes after noon."""
    fields = {"created_at": NOON + timedelta(minutes=minute), "customer": ANN, **changes}
    return created(amount_minor, **fields)


def refund(amount_minor: int) -> tuple[RefundRequested, RefundSucceeded]:
    """A refund that was asked for and given."""
    refund_id = new_refund_id()
    return (
        RefundRequested(
            refund_id=refund_id,
            merchant_id=MERCHANT,
            livemode=False,
            amount_minor=amount_minor,
            currency=Currency("usd"),
            requested_at=NOON,
        ),
        RefundSucceeded(
            refund_id=refund_id,
            merchant_id=MERCHANT,
            livemode=False,
            psp=PspName("stripe"),
            psp_account=PspAccount("test"),
            psp_reference=PspReference(f"psp_{refund_id}"),
            amount_minor=amount_minor,
            currency=Currency("usd"),
            occurred_at=NOON,
        ),
    )


DECLINED = ChargeFailed(code="card_declined", message="no", advice="do_not_retry", occurred_at=NOON)


def counts(report: RiskReport) -> dict[tuple[str, str], tuple[int, dict[str, int]]]:
    """The charges and the money of each decision and result."""
    return {
        (decision, result): (tally.charges, {str(currency): minor for currency, minor in tally.money.items()})
        for decision, tallies in report.decisions.items()
        for result, tally in tallies.items()
    }


async def test_back_test_gives_the_known_answer(operator: OperatorStores) -> None:
    await write(operator, at_minute(0, amount_minor=100), captured(100))
    await write(operator, at_minute(1, amount_minor=200), captured(200), *refund(200))
    fraud = dispute_opened(new_dispute_id(), category="fraud")
    await write(operator, at_minute(2, amount_minor=300), captured(300), fraud)
    await write(operator, at_minute(3, amount_minor=400), DECLINED)
    euro = {"currency": Currency("eur")}
    paid = captured(500, currency=Currency("eur"))
    await write(
        operator,
        at_minute(4, amount_minor=500, **euro),
        paid,
        dispute_opened(new_dispute_id(), currency=Currency("eur")),
    )
    await write(operator, at_minute(5, amount_minor=600, customer=BOB), captured(600), *refund(1))
    await write(operator, at_minute(6, amount_minor=700, customer=None))
    rules = rule_set(
        rule("third", "attempts_by_ip_10m > 2")
        + rule("euro", 'currency == "eur"', "review", fallback="allow", priority=1)
        + rule("key", 'metadata["tier"] == "1"')
        + rule("bob", 'ip == "192.0.2.2"', "challenge", fallback="allow")
    )
    found = await tried(operator, rules)
    assert counts(found) == {
        ("allow", "good"): (1, {"usd": 100}),
        ("allow", "refunded"): (1, {"usd": 200}),
        ("block", "fraud"): (1, {"usd": 300}),
        ("block", "declined"): (1, {"usd": 400}),
        ("block", "disputed"): (1, {"eur": 500}),
        # Without a page to come back to, the customer cannot be challenged: the fallback counts.
        ("allow", "refunded_in_part"): (1, {"usd": 600}),
        ("allow", "open"): (1, {"usd": 700}),
    }
    told = {name: (one.hits, one.decided, one.unknown, one.errors) for name, one in found.rules.items()}
    assert told == {"euro": (1, 0, 0, 0), "third": (3, 3, 1, 0), "key": (0, 0, 0, 4), "bob": (1, 1, 1, 0)}
    assert (found.charges, found.without_context, found.unreadable) == (7, 1, 0)
    assert found.changes == {("not assessed", "allow"): 4, ("not assessed", "block"): 3}


async def test_back_test_counts_what_came_before_its_days(operator: OperatorStores, owner_pool: Pool) -> None:
    for hours in (-72, 0, 10, 11, 12.5):
        await write(operator, at_minute(60 * hours))
    await owner_pool.execute("alter table eventstore.events disable trigger events_are_never_changed")
    await owner_pool.execute("update eventstore.events set recorded_at = (data->>'created_at')::timestamptz")
    limit = rule_set(rule("limit", "attempts_by_ip_1h > 1 || attempts_by_ip_24h > 3"))
    day = (NOON + timedelta(days=1)).date()
    found = await tried(operator, limit, Selection(since=day, until=day))
    assert (found.charges, found.read_before, counts(found)) == (
        1,
        3,
        {("block", "open"): (1, {"usd": 1000})},
    )
    assert (await tried(operator, limit, Selection(until=NOON.date()))).charges == 4
    assert (await tried(operator, limit, Selection(since=date(2030, 1, 1)))).charges == 0


async def test_back_test_selects_merchant_and_mode(operator: OperatorStores) -> None:
    other = new_merchant_id()
    await write(operator, at_minute(0))
    await write(operator, at_minute(1, merchant_id=other))
    await write(operator, at_minute(2, livemode=True))
    everyone = rule_set(rule("second", "attempts_by_ip_1h > 1"))
    assert (await tried(operator, everyone)).rules["second"].hits == 0
    assert (await tried(operator, everyone, Selection(merchant_id=other))).charges == 1
    assert (await tried(operator, everyone, Selection(mode="live"))).charges == 1
    first_two = await tried(operator, everyone, charges_max=2)
    assert (first_two.charges, first_two.is_cut_off) == (2, True)
    assert (await tried(operator, everyone, charges_max=3)).is_cut_off is False


async def test_back_test_of_an_empty_log_looks_at_nothing(operator: OperatorStores) -> None:
    found = await tried(operator, rule_set(rule("all")))
    assert (found.charges, found.first_at, found.decisions) == (0, None, {})


async def test_back_test_names_streams_that_it_cannot_read(
    operator: OperatorStores, owner_pool: Pool
) -> None:
    lost = await write(operator, at_minute(0))
    half = await write(operator, at_minute(1), captured())
    await write(operator, at_minute(2), captured())
    odd = await write(operator, at_minute(3), captured(), captured())
    await owner_pool.execute("alter table eventstore.events disable trigger events_are_never_changed")
    unread = "update eventstore.events set schema_version = 99 where stream_id = $1 and version = $2"
    await owner_pool.execute(unread, stream_of(lost), 1)
    await owner_pool.execute(unread, stream_of(half), 2)
    found = await tried(operator, rule_set(rule("all")))
    assert (found.charges, found.unreadable, set(found.unreadable_first)) == (3, 3, {lost, half, odd})
    assert counts(found) == {
        ("block", "unreadable"): (2, {"usd": 2000}),
        ("block", "good"): (1, {"usd": 1000}),
    }


async def test_back_test_says_what_was_decided_otherwise(operator: OperatorStores) -> None:
    then = RiskAssessment(
        rules_version=1,
        decision="block",
        elapsed_microseconds=1,
        rule="old",
        hits=(RuleHit("old", "block"),),
        facts={"card_bin": "424242", "has_card_bin": True},
    )
    blocked = await write(operator, at_minute(0), *events_of(then, NOON))
    await write(operator, at_minute(1))
    found = await tried(operator, rule_set(rule("bin", 'card_bin == "424242"', "review", fallback="allow")))
    assert found.changes == {("block", "review"): 1, ("not assessed", "allow"): 1}
    (one,) = found.differences
    assert (one.charge_id, one.then_rule, one.now_rule, one.result) == (blocked, "old", "bin", "blocked")
    assert found.rules["bin"].unknown == 1
    assert (await tried(operator, rule_set(rule("all", action="allow")), named_max=0)).differences == []


async def test_compare_shadow_tells_both_decisions(operator: OperatorStores) -> None:
    shadow = ShadowAssessment(rules_version=2, decision="block", rule="new", hits=(RuleHit("new", "block"),))
    then = RiskAssessment(rules_version=1, decision="allow", elapsed_microseconds=1, shadow=(shadow,))
    differs = await write(operator, at_minute(0), *events_of(then, NOON), captured())
    await write(operator, at_minute(1), captured())
    trial = Trial(rules=rule_set(rule("new", "false"), version=2), selection=EVERYTHING)
    found = await compare_shadow(operator.log, trial, progress=lambda _count, _at: None)
    assert (found.charges, found.changes) == (1, {("allow", "block"): 1})
    assert counts(found) == {("block", "good"): (1, {"usd": 1000})}
    assert [one.charge_id for one in found.differences] == [differs]
    assert (found.rules["new"].hits, found.rules["new"].decided) == (1, 1)


LIST = "insert into risk.lists (name, kind, created_by, reason) values ($1, $2, 'ada', 'begin')"
ENTRY = (
    "insert into risk.list_entries (list, kind, value, network, added_by, reason, added_at, expires_at) "
    "values ($1, $2, $3, $4, 'ada', 'a fraud', $5, $6)"
)
REMOVAL = (
    "update risk.list_entries set removed_at = $2, removed_by = 'ada', removal_reason = 'over' "
    "where value = $1 and removed_at is null"
)


async def test_lists_tell_what_they_held_then(pool: Pool) -> None:
    await pool.execute(LIST, "bad_emails", "email")
    await pool.execute(LIST, "bad_ips", "ip")
    hour = timedelta(hours=1)
    await pool.execute(ENTRY, "bad_emails", "email", "ann@example.com", None, NOON, NOON + 4 * hour)
    await pool.execute(ENTRY, "bad_ips", "ip", "192.0.2.0/24", "192.0.2.0/24", NOON, None)
    await pool.execute(REMOVAL, "192.0.2.0/24", NOON + 2 * hour)
    email = Membership(ListName("bad_emails"), "email", "Ann@example.com")
    address = Membership(ListName("bad_ips"), "ip", "192.0.2.7")
    asked = [
        AskedThen(one, MERCHANT, NOON + hour * at) for one in (email, address) for at in (-1, 0, 1, 2, 3, 4)
    ]
    held = await RiskLists(pool).held_then(asked)
    told = [(one.membership.list, (one.at - NOON) // hour) for one in asked if one in held]
    assert told == [("bad_emails", at) for at in (0, 1, 2, 3)] + [("bad_ips", at) for at in (0, 1)]


async def test_lists_tell_of_an_import_from_its_end_on(pool: Pool) -> None:
    lists = RiskLists(pool)
    await lists.create(ListName("bad_emails"), "email", by="ada", reason="begin")
    number = await lists.begin_import(ListName("bad_emails"), file_sha256=bytes(32), by="ada", reason="file")
    entry = NewEntry("ann@example.com", "a fraud")
    await lists.import_entries(ListName("bad_emails"), "email", number, [entry], by="ada")
    later = datetime.now(UTC) + timedelta(days=1)
    email = AskedThen(Membership(ListName("bad_emails"), "email", "ann@example.com"), MERCHANT, later)
    assert not await lists.held_then([email])
    await lists.complete_import(number)
    assert await lists.held_then([email]) == {email}


SECONDS = st.sampled_from([0, 0, 1, 7, 59, 61, 3_540, 86_000])
CUSTOMERS = st.sampled_from(
    [None, ANN, BOB, CustomerContext(id="cus_1", ip="192.0.2.1", email="eve@example.com")]
)
ASKED = st.tuples(
    SECONDS,
    CUSTOMERS,
    st.integers(1, 3_000),
    st.sampled_from(["usd", "eur"]),
    st.sampled_from(["pm_1", "pm_2", "pm_3"]),
    st.sampled_from([None, None, "list ann", "unlist ann", "list network", "unlist network"]),
    st.booleans(),
    st.booleans(),
)
"""Seconds that pass, the charge, a change of lists before it, whether it has a page to return to, whether its facts are kept."""
CONDITIONS = (
    "attempts_by_ip_1m > 1",
    "has_email && attempts_by_email_1h > 2",
    "attempted_minor_by_ip_24h > 4000",
    "distinct_cards_by_merchant_10m > 1",
    "attempts_by_card_7d > 3 || amount_minor > 2900",
    'in_list("bad_emails", email)',
    'has_ip && in_list("bad_ips", ip)',
    '!in_list("bad_ips", ip) && amount_minor > 2000',
    'metadata["tier"] == "1"',
    "captures_by_ip_24h > 0",
    'customer_id == "cus_1"',
)
RULES = st.lists(
    st.tuples(
        st.sampled_from(CONDITIONS),
        st.sampled_from(["block", "review", "challenge", "allow"]),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=8,
)


def written(rules: list[tuple[str, str, int]]) -> RuleSet:
    return rule_set(
        "".join(
            rule(
                f"rule-{number}",
                when,
                action,
                priority=priority,
                **({"fallback": "allow"} if action in ("review", "challenge") else {}),
            ).replace(f"when = '{when}'", f"when = '''{when}'''")
            for number, (when, action, priority) in enumerate(rules)
        )
    )


class Live:
    """One live version."""

    shadow = ()
    lacks_live = False

    def __init__(self, live: RuleSet) -> None:
        self.live = live


async def change_lists(pool: Pool, change: str, merchant_id: MerchantId, at: datetime) -> None:
    """Add an entry for a merchant, or remove it."""
    verb, _, what = change.partition(" ")
    name, kind, value, network = {
        "ann": ("bad_emails", "email", "ann@example.com", None),
        "network": ("bad_ips", "ip", "192.0.2.0/31", "192.0.2.0/31"),
    }[what]
    if verb == "list":
        await pool.execute(ENTRY_OF_MERCHANT, name, kind, value, network, at, merchant_id)
    else:
        await pool.execute(f"{REMOVAL} and merchant_id = $3", value, at, merchant_id)


ENTRY_OF_MERCHANT = ENTRY.replace("expires_at)", "merchant_id)")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=RULES, asked=st.lists(ASKED, min_size=1, max_size=10))
async def test_back_test_decides_as_the_live_engine_did(
    operator: OperatorStores,
    rules: list[tuple[str, str, int]],
    asked: list[tuple[int, CustomerContext | None, int, str, str, str | None, bool, bool]],
) -> None:
    pool, live = operator.eventstore, written(rules)
    for name, kind in (("bad_emails", "email"), ("bad_ips", "ip")):
        await pool.execute(f"{LIST} on conflict do nothing", name, kind)
    merchant_id, clock = new_merchant_id(), HandClock(NOON)
    store = PostgresRiskStore(pool, now=clock.now)
    engine = InProcessEngine(Live(live), store, clock, timeout_seconds=60, failure_mode="closed")
    then: list[RiskAssessment] = []
    for seconds, customer, amount_minor, currency, token, change, has_page, is_kept in asked:
        clock.at += timedelta(seconds=seconds)
        if change is not None:
            # At one and the same time nothing tells which came first.
            clock.at += timedelta(seconds=1)
            await change_lists(pool, change, merchant_id, clock.at)
        charge = created(
            merchant_id=merchant_id,
            amount_minor=amount_minor,
            currency=Currency(currency),
            payment_method=CardToken(token),
            customer=customer,
            return_url="https://shop.example/" if has_page else None,
            created_at=clock.at,
        )
        stream_id = new_stream()
        charge_id = charge_of(stream_id)
        assessment = await engine.assess(risk_request(charge_id, charge, LIMITS, dedupe=stream_id.bytes))
        assert assessment is not None
        assert assessment.unavailable is None
        then.append(assessment)
        kept = assessment if is_kept else replace(assessment, facts={})
        await operator.writer.commit(append(stream_id, charge, *events_of(kept, clock.at)))
    found = await tried(operator, live, Selection(merchant_id=merchant_id))
    assert {(before, now) for before, now in found.changes if before != now} == set()
    for name, told in found.rules.items():
        assert told.hits == sum(name in {hit.rule for hit in one.hits} for one in then), name
        assert told.decided == sum(one.rule == name for one in then), name
        assert told.unknown == sum(name in one.unknown for one in then), name
        assert told.errors == sum(name in {error.rule for error in one.errors} for one in then), name


COUNTED = [
    Counter(measure, "ip", window)
    for measure in ("attempts", "attempted_minor", "distinct_cards")
    for window in ("1m", "1h")
]
STEPS = st.tuples(
    st.sampled_from([0, 1, 30, 61, 200, 3_700, -1, -30]),
    st.sampled_from(["a", "b"]),
    st.sampled_from([None, "x", "y", "z"]),
    st.integers(1, 900),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=12))
async def test_replayed_counters_count_as_the_store_does(
    pool: Pool, steps: list[tuple[int, str, str | None, int]]
) -> None:
    attempts, clock, replayed = Attempts(), HandClock(NOON), ReplayedCounters()
    store = PostgresRiskStore(pool, now=clock.now)
    for seconds, ip, card, amount_minor in steps:
        clock.at += timedelta(seconds=seconds)
        one = attempts.next(ip=ip, card=card, amount_minor=amount_minor)
        readings = await store.observe(one, COUNTED, ())
        assert replayed.observe(one, COUNTED, clock.at) == readings.counts


async def test_replayed_counters_outlast_a_clock_set_back(pool: Pool) -> None:
    attempts, clock, replayed = Attempts(), HandClock(NOON), ReplayedCounters()
    store = PostgresRiskStore(pool, now=clock.now)
    for seconds in (0, -90, -4_000, 61, 30, 400 * 86_400, -400 * 86_400, 3_700):
        clock.at += timedelta(seconds=seconds)
        one = attempts.next(ip="a", card="x" if seconds else "y")
        readings = await store.observe(one, COUNTED, ())
        assert replayed.observe(one, COUNTED, clock.at) == readings.counts, seconds


async def test_replayed_counters_tell_as_many_cards_as_the_store(pool: Pool) -> None:
    attempts, clock, replayed = Attempts(), HandClock(NOON), ReplayedCounters()
    store = PostgresRiskStore(pool, now=clock.now)
    many = [attempts.next(ip="a", card=str(card)) for card in range(248)]
    await asyncio.gather(*(store.observe(one, COUNTED, ()) for one in many))
    for one in many:
        replayed.observe(one, COUNTED, clock.at)
    for card in (*range(248, 252), 0, 5):
        clock.at += timedelta(seconds=2)
        one = attempts.next(ip="a", card=str(card))
        readings = await store.observe(one, COUNTED, ())
        assert replayed.observe(one, COUNTED, clock.at) == readings.counts


def test_replayed_counters_beyond_their_bound_are_told() -> None:
    attempts, replayed = Attempts(), ReplayedCounters(counters_max=2)
    hourly = [Counter("attempts", "ip", "1h")]
    for ip in ("a", "b", "c", "c"):
        replayed.observe(attempts.next(ip=ip), hourly, NOON)
    assert (len(replayed), replayed.forgotten) == (2, 1)
    assert replayed.observe(attempts.next(ip="b"), hourly, NOON) == {hourly[0]: 2}
    later = NOON + timedelta(hours=3)
    assert replayed.observe(attempts.next(ip="d"), hourly, later) == {hourly[0]: 1}
    assert (len(replayed), replayed.forgotten) == (1, 1)
