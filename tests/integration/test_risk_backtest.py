"""Rules tried on the charges of a log: the answers that a person can compute, and the same decisions as the live engine's."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fincore.backoffice import past_charges
from fincore.backoffice.past_charges import Selection
from fincore.backoffice.risk_backtest import Trial, back_test, compare_shadow
from fincore.backoffice.risk_report import RiskReport
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.bootstrap.psp_limits import LIMITS
from fincore.domain.currency import Currency
from fincore.domain.events import (
    ChargeCorrected,
    ChargeCreated,
    ChargeEvent,
    ChargeFailed,
    RefundRequested,
    RefundSucceeded,
)
from fincore.domain.ids import (
    ChargeId,
    MerchantId,
    StreamId,
    charge_of,
    new_dispute_id,
    new_merchant_id,
    new_refund_id,
    stream_of,
)
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payment_method import CardInstrument, CardToken, UntokenisedCard
from fincore.domain.risk import CustomerContext, RiskAssessment, RuleHit, ShadowAssessment
from fincore.eventstore.subscription import Subscription
from fincore.postgres.pool import Pool
from fincore.write.payments.risk_request import events_of, risk_request
from fincore.write.risk.counted_outcomes import no_outcomes, outcomes_since, outcomes_with
from fincore.write.risk.features import COUNTERS
from fincore.write.risk.in_process_engine import InProcessEngine
from fincore.write.risk.list_entries import NewEntry
from fincore.write.risk.lists import AskedThen, RiskLists
from fincore.write.risk.outcome_counter import OutcomeCounter
from fincore.write.risk.outcomes import pairs_of
from fincore.write.risk.postgres_store import PostgresRiskStore
from fincore.write.risk.replayed_counters import ReplayedCounters
from fincore.write.risk.rings import outcome_of
from fincore.write.risk.rules import RuleSet
from fincore.write.risk.store import Counter, ListName, Membership
from fixtures.clocks import HandClock
from fixtures.commits import MERCHANT, append, captured, created, dispute_opened, new_stream
from fixtures.risk import NOON, NoEarlierCards, rule, rule_set
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


async def happened(
    operator: OperatorStores, owner: Pool, charge_id: ChargeId, at: datetime, *events: ChargeEvent
) -> None:
    """Let the log tell of more events of a charge."""
    stream_id = stream_of(charge_id)
    version = (await operator.log.versions([stream_id]))[stream_id]
    await operator.writer.commit(append(stream_id, *events, expected_version=version))
    await recorded_at(owner, stream_id, version + 1, at)


FRAUD = dispute_opened(new_dispute_id(), category="fraud")


@pytest.mark.parametrize("page_events", [1, 3, 2_000])
async def test_back_test_counts_outcomes_where_the_log_has_them(
    operator: OperatorStores, owner_pool: Pool, monkeypatch: pytest.MonkeyPatch, page_events: int
) -> None:
    monkeypatch.setattr(past_charges, "PAGE_EVENTS", page_events)
    await owner_pool.execute(MUTABLE)

    async def later(charge_id: ChargeId, minute: float, *events: ChargeEvent) -> None:
        await happened(operator, owner_pool, charge_id, NOON + timedelta(minutes=minute), *events)

    first = await write(operator, at_minute(0))
    await later(first, 1, DECLINED)
    second = await write(operator, at_minute(2))  # 1 decline
    await later(second, 3, DECLINED)
    third = await write(operator, at_minute(4))  # 2 declines
    await later(third, 5, captured(1000))
    await later(third, 6, FRAUD)
    fourth = await write(operator, at_minute(7))  # 2 declines, 10.00 captured, fraud
    await later(first, 8, corrected(at_minute(0, amount_minor=250)))
    await write(operator, at_minute(9))  # 1 decline, 12.50 captured, fraud
    await write(operator, at_minute(9.5, customer=BOB))  # nothing
    await write(operator, at_minute(63))  # the second decline, of minute 3, is just over an hour ago
    await later(fourth, 64, captured(1000))
    euro = at_minute(65, currency=Currency("eur"))
    await write(operator, euro)  # no euro captured
    by_rule = {
        "one": "declines_by_ip_1h == 1",
        "two": "declines_by_ip_1h == 2",
        "none": "has_ip && declines_by_ip_1h == 0",
        "ten": "captured_minor_by_email_24h == 1000",
        "more": "captured_minor_by_email_24h == 1250",
        "thrice": "captures_by_email_24h == 3",
        "fraud": "fraud_disputes_by_ip_7d > 0 && disputes_by_ip_24h == 1",
    }
    found = await tried(
        operator, rule_set("".join(rule(name, when, "allow") for name, when in by_rule.items()), 1)
    )
    assert found.charges == 8
    assert {name: one.unknown for name, one in found.rules.items()} == dict.fromkeys(by_rule, 0)
    decided = {name: one.decided for name, one in found.rules.items()}
    assert decided == {"one": 2, "two": 2, "none": 4, "ten": 0, "more": 0, "thrice": 0, "fraud": 0}
    asked_alone = {
        name: (await tried(operator, rule_set(rule(name, when)))).rules[name].hits
        for name, when in by_rule.items()
    }
    assert asked_alone == {"one": 2, "two": 2, "none": 4, "ten": 1, "more": 2, "thrice": 1, "fraud": 4}


@pytest.mark.parametrize("days_before", [6.9, 7.5])
async def test_back_test_counts_outcomes_of_charges_long_before(
    operator: OperatorStores, owner_pool: Pool, days_before: float
) -> None:
    await owner_pool.execute(MUTABLE)
    old = await write(operator, at_minute(-60 * 24 * 40), captured())
    await recorded_at(owner_pool, stream_of(old), 1, NOON - timedelta(days=40))
    await happened(operator, owner_pool, old, NOON - timedelta(days=days_before), FRAUD)
    other = await write(operator, at_minute(-60 * 24 * 40, livemode=True), captured(livemode=True))
    await happened(operator, owner_pool, other, NOON, FRAUD)
    await recorded_at(owner_pool, stream_of(await write(operator, at_minute(0))), 1, NOON)
    rules = rule_set(rule("fraud", "fraud_disputes_by_ip_7d > 0") + rule("more", "disputes_by_ip_7d > 1"))
    found = await tried(operator, rules, Selection(since=NOON.date(), until=NOON.date(), mode="test"))
    assert (found.charges, found.read_before, found.is_by_days) == (1, 0, True)
    assert (found.rules["fraud"].hits, found.rules["more"].hits) == (int(days_before < 7), 0)


async def test_back_test_tells_outcomes_that_it_cannot_read(
    operator: OperatorStores, owner_pool: Pool
) -> None:
    half = await write(operator, at_minute(0), captured(), FRAUD)
    lost = await write(operator, at_minute(1), DECLINED)
    await write(operator, at_minute(2), DECLINED)
    await owner_pool.execute(MUTABLE)
    unread = "update eventstore.events set schema_version = 99 where stream_id = $1 and version = $2"
    await owner_pool.execute(unread, stream_of(half), 2)
    await owner_pool.execute(unread, stream_of(lost), 1)
    rules = rule_set(rule("captured", "captures_by_ip_24h > 0"))
    assert (await tried(operator, rules)).outcomes_unread == 3
    assert (await tried(operator, rule_set(rule("all")))).outcomes_unread == 0


async def test_back_test_of_a_card_by_number_knows_no_outcomes(
    operator: OperatorStores, owner_pool: Pool
) -> None:
    for minute in (0, 1):
        by_number = at_minute(minute, payment_method=UntokenisedCard())
        stream_id = stream_of(await write(operator, by_number, DECLINED))
        await owner_pool.execute(MUTABLE)
        await recorded_at(owner_pool, stream_id, 1, by_number.created_at)
    rules = rule_set(rule("card", "declines_by_card_24h > 0") + rule("ip", "declines_by_ip_24h > 0"))
    found = await tried(operator, rules)
    assert (found.rules["card"].hits, found.rules["card"].unknown) == (0, 2)
    assert (found.rules["ip"].hits, found.rules["ip"].unknown) == (1, 0)


async def test_back_test_names_lists_that_were_made_later(operator: OperatorStores, owner_pool: Pool) -> None:
    await write(operator, at_minute(0))
    for name, kind, at in (("bad_emails", "email", 1), ("bad_ips", "ip", 0), ("unasked", "ip", 2)):
        await owner_pool.execute(
            "insert into risk.lists (name, kind, created_by, reason, created_at) values ($1, $2, 'ada', 'begin', $3)",
            name,
            kind,
            NOON + timedelta(minutes=at),
        )
    rules = rule_set(
        rule("email", 'in_list("bad_emails", email)') + rule("ip", 'has_ip && in_list("bad_ips", ip)')
    )
    assert (await tried(operator, rules)).lists_since == {"bad_emails": NOON + timedelta(minutes=1)}
    assert (await tried(operator, rules, Selection(since=date(2030, 1, 1)))).lists_since == {}


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
    st.sampled_from([None, "declined", "captured", "fraud", "corrected"]),
)
"""Seconds that pass, the charge, a change of lists before it, whether it has a page to return to, whether its facts are kept, and what
became of the oldest open charge before it."""
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
    "declines_by_email_10m > 0",
    "declines_by_card_24h > 0 && fraud_disputes_by_merchant_7d == 0",
    "captured_minor_by_merchant_1h > 1500",
    "captured_minor_by_ip_1m > 0",
    "disputes_by_customer_24h > 0",
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


def fate(what: str, charge: ChargeCreated) -> tuple[ChargeEvent, ...]:
    """What becomes of a charge; it is corrected where the PSP's record shows a decline that never was."""
    of_charge = {"merchant_id": charge.merchant_id, "currency": charge.currency}
    paid = captured(charge.amount_minor, instrument=CardInstrument(fingerprint="fp_1"), **of_charge)
    if what == "declined":
        return (DECLINED,)
    if what == "corrected":
        return (DECLINED, corrected(charge))
    if what == "captured":
        return (paid,)
    return paid, dispute_opened(new_dispute_id(), currency=charge.currency, category="fraud")


def corrected(charge: ChargeCreated) -> ChargeCorrected:
    """A charge that was declined by its outcome, and captured by the PSP's record."""
    return ChargeCorrected(
        merchant_id=charge.merchant_id,
        livemode=charge.livemode,
        psp=PspName("stripe"),
        psp_account=PspAccount("test"),
        psp_reference=PspReference(f"pi_{new_stream().hex}"),
        status_before="failed",
        status_after="succeeded",
        captured_before_minor=0,
        captured_after_minor=charge.amount_minor,
        currency=charge.currency,
        reason="paid after all",
        occurred_at=NOON,
    )


async def recorded_at(owner: Pool, stream_id: StreamId, version: int, at: datetime) -> None:
    """Let the log have recorded the events of a stream from a version on at a time."""
    await owner.execute(
        "update eventstore.events set recorded_at = $3 where stream_id = $1 and version >= $2",
        stream_id,
        version,
        at,
    )


MUTABLE = "alter table eventstore.events disable trigger events_are_never_changed"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=RULES, asked=st.lists(ASKED, min_size=1, max_size=10))
async def test_back_test_decides_as_the_live_engine_did(
    operator: OperatorStores,
    owner_pool: Pool,
    rules: list[tuple[str, str, int]],
    asked: list[tuple[int, CustomerContext | None, int, str, str, str | None, bool, bool, str | None]],
) -> None:
    pool, live = operator.eventstore, written(rules)
    for name, kind in (("bad_emails", "email"), ("bad_ips", "ip")):
        await pool.execute(f"{LIST} on conflict do nothing", name, kind)
    await owner_pool.execute(MUTABLE)
    # From the beginning of the log on: what the consumer does not count yet is unknown live.
    await pool.executemany(
        "insert into risk.counted_outcomes (measure, key, since_tx, since_pos) values ($1, $2, 0, 0) on conflict do nothing",
        list(pairs_of(COUNTERS.values())),
    )
    every_outcome = OutcomeCounter(lambda: pairs_of(COUNTERS.values()))
    outcomes = Subscription(operator.whole_log, operator.risk, every_outcome)
    # The consumer drops what is older than the longest window by the server's clock.
    merchant_id, clock = new_merchant_id(), HandClock(datetime.now(UTC))
    store = PostgresRiskStore(pool, now=clock.now)
    engine = InProcessEngine(
        Live(live), store, NoEarlierCards(), clock, timeout_seconds=60, failure_mode="closed"
    )
    then: list[RiskAssessment] = []
    unsettled: list[tuple[StreamId, ChargeCreated, int]] = []
    for seconds, customer, amount_minor, currency, token, change, has_page, is_kept, what in asked:
        clock.at += timedelta(seconds=seconds)
        if what is not None and unsettled:
            settled, of_charge, version = unsettled.pop(0)
            await operator.writer.commit(append(settled, *fate(what, of_charge), expected_version=version))
            await recorded_at(owner_pool, settled, version + 1, clock.at)
        while await outcomes.advance():
            pass
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
        events = (charge, *events_of(kept, clock.at))
        await operator.writer.commit(append(stream_id, *events))
        unsettled.append((stream_id, charge, len(events)))
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


def test_replayed_outcomes_are_bounded_and_lapse() -> None:
    attempts, replayed = Attempts(), ReplayedCounters(counters_max=2)
    weekly = Counter("declines", "ip", "7d")
    noon = int(NOON.timestamp())

    def name_of(ip: str) -> bytes:
        scope = attempts.next(ip=ip)
        return outcome_of(
            "declines",
            "ip",
            ip,
            merchant_id=scope.merchant_id,
            livemode=scope.livemode,
            currency=scope.money.currency,
        )

    for ip in ("a", "b", "c", "b"):
        replayed.add_outcome(name_of(ip), noon, 1)
    assert (len(replayed), replayed.forgotten) == (2, 1)
    told = [replayed.observe(attempts.next(ip=ip), [weekly], NOON)[weekly] for ip in ("a", "b", "c")]
    assert told == [0, 2, 1]
    replayed.add_outcome(name_of("b"), noon + 604_800 + 10_081, 1)
    assert (len(replayed), replayed.forgotten) == (1, 1)


AGES = st.integers(0, 800_000) | st.integers(0, 100) | st.integers(0, 4_000)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ages=st.lists(st.tuples(AGES, st.integers(-3, 900)), min_size=30, max_size=60), times=st.integers(1, 30)
)
async def test_outcomes_in_memory_add_up_as_the_store_does(
    pool: Pool, ages: list[tuple[int, int]], times: int
) -> None:
    """Many amounts at seconds around these; what is old is put together alike."""
    state: list[int] = []
    mine = no_outcomes()
    noon = int(NOON.timestamp())
    for turn in range(times):
        for age, amount in ages:
            mine = outcomes_with(mine, noon - age + turn * 37, amount)
    numbers = [
        number for turn in range(times) for age, amount in ages for number in (noon - age + turn * 37, amount)
    ]
    state = await pool.fetchval(
        "with recursive added as ("
        " select 0 as place, '{}'::bigint[] as state"
        " union all select place + 2, risk.outcomes_with(state, ($1::bigint[])[place + 1 : place + 2])"
        " from added where place < cardinality($1::bigint[])"
        ") select state from added order by place desc limit 1",
        numbers,
    )
    assert sorted(pairs(mine)) == sorted(pairs(state))
    for since in (noon - 604_800, noon - 3_600, noon, noon + 1):
        of_store = await pool.fetchval("select risk.outcomes_since($1, $2)", state, since)
        assert outcomes_since(mine, since) == of_store


def pairs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))
