"""The consumer that counts what became of charges: each outcome once, from the log to the hit of a rule."""

import asyncio
from collections import Counter as Tally
from collections.abc import AsyncIterator
from importlib.resources import files

import asyncpg
import pytest
from msgspec.structs import replace

from fincore.domain.errors import StoreUnavailable
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent, ChargeRerouted, InstrumentTold
from fincore.domain.ids import StreamId, new_dispute_id, new_merchant_id
from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.domain.outcome import PspReference
from fincore.domain.payment_method import CardInstrument, CardToken, PayPalInstrument, PayPalVaultToken
from fincore.domain.risk import CustomerContext, RiskAssessment
from fincore.eventstore.log import EventLog
from fincore.eventstore.parked_streams import resume
from fincore.eventstore.subscription import Checkpoint, Fenced, Subscription
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Pool
from fincore.write.risk.features import COUNTERS
from fincore.write.risk.in_process_engine import InProcessEngine
from fincore.write.risk.instrument_store import PostgresEarlierCards
from fincore.write.risk.instruments import KEPT_FOR, instrument_of
from fincore.write.risk.outcome_counter import OutcomeCounter
from fincore.write.risk.outcomes import Pair, increments_of, pairs_of
from fincore.write.risk.postgres_store import PostgresRiskStore
from fincore.write.risk.rules import RuleSet
from fixtures.clocks import HandClock
from fixtures.commits import MERCHANT, append, captured, created, dispute_opened, new_stream
from fixtures.money_events import corrected
from fixtures.risk import NOON, REQUEST, rule, rule_set
from fixtures.traffic import aftermaths, failed, failovers, fates, live, running_writer, store_pool

ALL = pairs_of(COUNTERS.values())
IP = "192.0.2.1"
BORN = created(customer=CustomerContext(ip=IP), customer_email="ann@shop.example")
STARTER = rule_set((files("fincore.write.risk") / "starter_rules.toml").read_text())


@pytest.fixture
async def writer(pool: Pool) -> AsyncIterator[Writer[ChargeEvent]]:
    async with running_writer(pool) as writer:
        yield writer


@pytest.fixture
async def counters(dsn: str) -> AsyncIterator[Pool]:
    async with store_pool(dsn, "risk") as pool:
        yield pool


def subscription(
    counters: Pool, consumer: OutcomeCounter | None = None, *, batch_events_max: int = 1_000
) -> Subscription[LogEvent]:
    return Subscription(
        EventLog(counters, LOG_EVENTS),
        counters,
        consumer or OutcomeCounter(lambda: ALL),
        batch_events_max=batch_events_max,
    )


async def caught_up(one: Subscription[LogEvent]) -> None:
    while await one.advance():
        pass


async def counted(counters: Pool) -> dict[bytes, dict[int, int]]:
    """Every counter: the amounts by their seconds."""
    found: dict[bytes, dict[int, int]] = {}
    for row in await counters.fetch("select outcome, state from risk.outcomes"):
        amounts = Tally[int]()
        for second, amount in zip(row["state"][::2], row["state"][1::2], strict=True):
            amounts[second] += amount
        found[row["outcome"]] = dict(amounts)
    return found


async def told(
    counters: Pool, streams: list[StreamId], pairs: frozenset[Pair] = ALL
) -> dict[bytes, dict[int, int]]:
    """What the log tells that the counters should be."""
    log = EventLog(counters, CHARGE_EVENTS)
    amounts: dict[bytes, Tally[int]] = {}
    for stream in streams:
        for one in increments_of(await log.load(stream), pairs):
            amounts.setdefault(one.outcome, Tally())[one.second] += one.amount
    return {outcome: dict(found) for outcome, found in amounts.items()}


TOLD = InstrumentTold(psp_reference=PspReference("pi_1"), instrument=CardInstrument(fingerprint="fp_1"))


class Live:
    """One live version."""

    shadow = ()
    lacks_live = False

    def __init__(self, live: RuleSet) -> None:
        self.live = live


async def assessed(counters: Pool, rules: RuleSet, **changes: object) -> RiskAssessment:
    store = PostgresRiskStore(counters)
    engine = InProcessEngine(
        Live(rules),
        store,
        PostgresEarlierCards(counters),
        HandClock(NOON),
        timeout_seconds=60,
        failure_mode="closed",
    )
    request = replace(replace(REQUEST, merchant_id=MERCHANT, email="ann@shop.example"), **changes)
    found = await engine.assess(request)
    await store.close()
    assert found is not None
    assert found.unavailable is None
    return found


@pytest.mark.parametrize("batch_events_max", [1, 7, 1_000])
async def test_every_fate_counts_once_in_batches_of_any_size(
    writer: Writer[ChargeEvent], counters: Pool, batch_events_max: int
) -> None:
    streams = await live(writer, [*fates(), *aftermaths()])
    await caught_up(subscription(counters, batch_events_max=batch_events_max))
    found = await counted(counters)
    assert found == await told(counters, streams)
    assert len(found) > 10


async def test_two_consumers_count_each_outcome_once(writer: Writer[ChargeEvent], counters: Pool) -> None:
    first, second = (subscription(counters, batch_events_max=3) for _ in range(2))
    streams = await live(writer, fates())

    async def run(one: Subscription[LogEvent]) -> None:
        while True:
            try:
                if not await one.advance():
                    return
            except Fenced:
                continue

    await asyncio.gather(run(first), run(second))
    assert await counted(counters) == await told(counters, streams)


async def test_outcome_counts_again_if_its_checkpoint_did_not_move(
    writer: Writer[ChargeEvent], counters: Pool, owner_pool: Pool
) -> None:
    """A crash between the two: both are in one transaction, so neither has happened."""
    stream = new_stream()
    await writer.commit(append(stream, BORN, failed()))
    await owner_pool.execute(
        "create function risk.refuse() returns trigger language plpgsql as"
        " $$ begin raise exception 'away' using errcode = 'admin_shutdown'; end $$"
    )
    await owner_pool.execute(
        "create constraint trigger refused after update on risk.checkpoints deferrable initially deferred"
        " for each row execute function risk.refuse()"
    )
    consumer = subscription(counters)
    with pytest.raises(asyncpg.PostgresError):
        await consumer.advance()
    assert await counted(counters) == {}
    await owner_pool.execute("drop trigger refused on risk.checkpoints")
    await caught_up(consumer)
    assert await counted(counters) == await told(counters, [stream])


async def test_nothing_is_counted_that_no_rule_names(writer: Writer[ChargeEvent], counters: Pool) -> None:
    wanted: set[Pair] = set()
    consumer = subscription(counters, OutcomeCounter(lambda: wanted))
    await live(writer, fates())
    await caught_up(consumer)
    assert (await counted(counters), await consumer.checkpoint() != Checkpoint(0, 0)) == ({}, True)
    # From the moment on at which a rule names it.
    wanted.add(("captures", "merchant"))
    later = await live(writer, fates())
    await caught_up(consumer)
    expected = await told(counters, later, frozenset(wanted))
    assert await counted(counters) == expected
    # Though no rule names it any more: what is counted is complete.
    wanted.clear()
    last = await live(writer, fates())
    await caught_up(consumer)
    assert await counted(counters) == await told(
        counters, [*later, *last], frozenset({("captures", "merchant")})
    )


async def test_parked_charge_counts_when_it_is_resumed(
    writer: Writer[ChargeEvent], counters: Pool, owner_pool: Pool
) -> None:
    stream, other = new_stream(), new_stream()
    await writer.commit(append(stream, BORN, failed()))
    await writer.commit(append(other, BORN, failed()))
    await owner_pool.execute("alter table eventstore.events disable trigger user")
    await owner_pool.execute(
        "update eventstore.events set data = '{}' where stream_id = $1 and version = 2", stream
    )
    await caught_up(subscription(counters))
    assert await counted(counters) == await told(counters, [other])
    data = await owner_pool.fetchval(
        "select data from eventstore.events where stream_id = $1 and version = 2", other
    )
    await owner_pool.execute(
        "update eventstore.events set data = $2 where stream_id = $1 and version = 2", stream, data
    )
    log = EventLog(counters, LOG_EVENTS)
    assert await resume(log, counters, OutcomeCounter(), stream) == 1
    assert await counted(counters) == await told(counters, [stream, other])
    assert await resume(log, counters, OutcomeCounter(), stream) is None


async def test_event_before_its_counter_began_is_not_counted(
    writer: Writer[ChargeEvent], counters: Pool, owner_pool: Pool
) -> None:
    """A parked charge may be resumed with events from before: a counter is complete from its beginning on, and holds nothing else."""
    streams = [new_stream(), new_stream()]
    for stream in streams:
        await writer.commit(append(stream, BORN, failed()))
    log = EventLog(counters, LOG_EVENTS)
    earlier, later = [await log.load(stream) for stream in streams]
    since = "insert into risk.counted_outcomes (measure, key, since_tx, since_pos) values ('declines', 'ip', $1, $2)"
    await owner_pool.execute(since, later[1].tx, later[1].pos)
    async with counters.acquire() as connection, connection.transaction():
        await OutcomeCounter().apply(connection, [*earlier, *later])
    assert await counted(counters) == await told(counters, streams[1:], frozenset({("declines", "ip")}))


@pytest.mark.parametrize(
    ("outcome", "change"),
    [
        (
            failed(),
            corrected(
                status_before="failed",
                status_after="authorized",
                captured_before_minor=0,
                captured_after_minor=0,
            ),
        ),
        (captured(), corrected(captured_before_minor=1000, captured_after_minor=0)),
        (captured(), corrected(captured_before_minor=1000, captured_after_minor=1300)),
        (captured(), TOLD),
    ],
)
async def test_counter_leaves_outcomes_before_it_as_they_were(
    writer: Writer[ChargeEvent], counters: Pool, outcome: ChargeEvent, change: ChargeEvent
) -> None:
    """Nothing counted them when they happened: what is taken back of them later was never added."""
    wanted: set[Pair] = set()
    consumer = subscription(counters, OutcomeCounter(lambda: wanted))
    before, after = new_stream(), new_stream()
    await writer.commit(append(before, BORN, outcome))
    await caught_up(consumer)
    wanted |= ALL
    await writer.commit(append(after, BORN, outcome))
    await writer.commit(append(before, change, expected_version=2))
    await caught_up(consumer)
    assert await counted(counters) == await told(counters, [after])
    await writer.commit(append(after, change, expected_version=2))
    await caught_up(consumer)
    assert await counted(counters) == await told(counters, [after])


async def test_counter_lives_as_long_as_its_newest_outcome_counts(
    writer: Writer[ChargeEvent], counters: Pool, owner_pool: Pool
) -> None:
    consumer = subscription(counters)
    await writer.commit(append(new_stream(), BORN, failed()))
    await caught_up(consumer)
    await owner_pool.execute("update risk.outcomes set lapses_on = current_date")
    await writer.commit(append(new_stream(), BORN, failed()))
    await caught_up(consumer)
    assert await counters.fetchval("select min(lapses_on) > current_date + 7 from risk.outcomes")
    purged = await PostgresRiskStore(counters).purge_counters(rows_max=100)
    assert (purged, len(await counted(counters)) > 0) == (0, True)


async def test_declines_in_the_log_make_a_starter_rule_hit(
    writer: Writer[ChargeEvent], counters: Pool
) -> None:
    consumer = subscription(counters, OutcomeCounter(lambda: pairs_of(STARTER.counters)))
    # The consumer knows its place in the log, and no event came since the rule went live.
    await caught_up(consumer)
    assert "card-declined-often" in (await assessed(counters, STARTER)).unknown
    await writer.commit(append(new_stream(), BORN))
    await caught_up(consumer)
    assert "card-declined-often" not in (await assessed(counters, STARTER)).unknown
    for _ in range(7):
        await writer.commit(append(new_stream(), BORN, failed()))
    await caught_up(consumer)
    found = await assessed(counters, STARTER)
    assert (found.decision, found.rule) == ("block", "card-declined-often")
    assert found.facts["declines_by_card_24h"] == 7


async def test_counter_that_a_rule_names_anew_is_unknown_at_first(
    writer: Writer[ChargeEvent], counters: Pool
) -> None:
    """The consumer has counted others for long, and has not come to know of the rule."""
    rules = rule_set("[[rules]]\nname = 'one'\nwhen = 'declines_by_ip_1h == 0'\naction = 'allow'\n")
    wanted: set[Pair] = {("captures", "ip"), ("declines", "merchant")}
    consumer = subscription(counters, OutcomeCounter(lambda: wanted))
    await writer.commit(append(new_stream(), BORN, failed()))
    await caught_up(consumer)
    found = await assessed(counters, rules)
    assert (found.unknown, found.facts.get("declines_by_ip_1h")) == (("one",), None)
    wanted.add(("declines", "ip"))
    await writer.commit(append(new_stream(), BORN, failed()))
    await caught_up(consumer)
    found = await assessed(counters, rules)
    assert (found.unknown, found.facts.get("declines_by_ip_1h")) == ((), 1)


async def test_dispute_of_another_day_counts_for_the_customer(
    writer: Writer[ChargeEvent], counters: Pool
) -> None:
    """The charge was captured in one batch and disputed in another, which has to look its beginning up."""
    consumer = subscription(counters, OutcomeCounter(lambda: pairs_of(STARTER.counters)))
    stream = new_stream()
    await writer.commit(append(stream, BORN, captured()))
    await caught_up(consumer)
    assert (await assessed(counters, STARTER)).decision == "allow"
    await writer.commit(append(stream, dispute_opened(new_dispute_id()), expected_version=2))
    await caught_up(consumer)
    found = await assessed(counters, STARTER)
    assert (found.rule, found.decision) == ("disputed-before", "review")


async def test_outcomes_of_other_merchants_and_modes_count_apart(
    writer: Writer[ChargeEvent], counters: Pool
) -> None:
    rules = rule_set("[[rules]]\nname = 'one'\nwhen = 'declines_by_ip_1h > 0'\naction = 'block'\n")
    await writer.commit(append(new_stream(), replace(BORN, livemode=True), failed()))
    await caught_up(subscription(counters))
    assert (await assessed(counters, rules)).facts["declines_by_ip_1h"] == 0
    assert (await assessed(counters, rules, livemode=True)).facts["declines_by_ip_1h"] == 1


async def test_card_by_number_has_unknown_outcomes(counters: Pool, writer: Writer[ChargeEvent]) -> None:
    """The log does not hold what tells it from other cards: that none of its charges was declined is not known."""
    await writer.commit(append(new_stream(), BORN))
    await caught_up(subscription(counters))
    rules = rule_set("[[rules]]\nname = 'one'\nwhen = 'declines_by_card_1h == 0'\naction = 'block'\n")
    found = await assessed(counters, rules, payment_token=None, number_hmac="h")
    assert (found.decision, found.unknown) == ("allow", ("one",))
    assert (await assessed(counters, rules)).decision == "block"


CARD = CardInstrument(brand="visa", last4="4242", country="GB", funding="debit", fingerprint="fp_1")
ABROAD = rule("abroad", 'card_country == "GB" && card_funding == "debit"')
LISTED = rule("listed", 'in_list("bad_cards", card_fingerprint)', stage="block_lists")


async def test_card_of_a_charge_is_known_of_the_next_one(writer: Writer[ChargeEvent], counters: Pool) -> None:
    rules = rule_set(ABROAD)
    await writer.commit(append(new_stream(), BORN, captured(instrument=CARD)))
    assert (await assessed(counters, rules)).unknown == ("abroad",)
    # Though no rule names a counter of outcomes.
    await caught_up(subscription(counters, OutcomeCounter()))
    found = await assessed(counters, rules)
    assert (found.rule, found.facts["card_country"]) == ("abroad", "GB")
    for changes in ({"payment_token": "pm_other"}, {"livemode": True}, {"merchant_id": new_merchant_id()}):
        assert (await assessed(counters, rules, **changes)).unknown == ("abroad",)


async def test_listed_fingerprint_matches_a_token_used_before(
    writer: Writer[ChargeEvent], counters: Pool, owner_pool: Pool
) -> None:
    await owner_pool.execute(
        "insert into risk.lists (name, kind, created_by, reason) values ('bad_cards', 'card_fingerprint', 'ada', 'begin')"
    )
    await owner_pool.execute(
        "insert into risk.list_entries (list, kind, value, added_by, reason)"
        " values ('bad_cards', 'card_fingerprint', 'fp_1', 'ada', 'fraud')"
    )
    await writer.commit(append(new_stream(), BORN, replace(failed(), instrument=CARD)))
    await caught_up(subscription(counters))
    found = await assessed(counters, rule_set(LISTED))
    assert (found.decision, found.rule) == ("block", "listed")
    assert (await assessed(counters, rule_set(LISTED), payment_token="pm_other")).unknown == ("listed",)


async def test_outcomes_of_a_card_count_over_its_tokens(writer: Writer[ChargeEvent], counters: Pool) -> None:
    """Each charge is of one token; two of them were told to be one card."""
    for token in ("pm_1", "pm_1", "pm_2"):
        born = replace(BORN, payment_method=CardToken(token))
        await writer.commit(append(new_stream(), born, replace(failed(), instrument=CARD)))
    # What no PSP told a card of counts by its token, and is not lost.
    for _ in range(4):
        await writer.commit(append(new_stream(), replace(BORN, payment_method=CardToken("pm_2")), failed()))
    await caught_up(subscription(counters))
    rules = rule_set(rule("one", "declines_by_card_1h > 2 || attempts_by_card_1h > 50"))
    for number, (token, declines) in enumerate((("pm_1", 3), ("pm_2", 5), ("pm_3", 0)), start=1):
        found = await assessed(counters, rules, payment_token=token, dedupe=number.to_bytes(16))
        assert found.facts["declines_by_card_1h"] == declines
    again = await assessed(counters, rules, payment_token="pm_1", dedupe=bytes([9] * 16))
    assert again.facts["attempts_by_card_1h"] == 3


async def test_card_is_kept_for_the_token_that_paid(writer: Writer[ChargeEvent], counters: Pool) -> None:
    """After the charge went to another account it was paid by a token of that account."""
    rerouted = next(event for event in failovers()[0] if isinstance(event, ChargeRerouted))
    stream = new_stream()
    elsewhere = replace(rerouted, payment_method=PayPalVaultToken("vault_1"))
    await writer.commit(append(stream, BORN, elsewhere))
    await caught_up(subscription(counters))
    told = captured(psp=elsewhere.psp, psp_account=elsewhere.psp_account, instrument=CARD)
    await writer.commit(append(stream, told, expected_version=2))
    await caught_up(subscription(counters))
    assert (await assessed(counters, rule_set(ABROAD), payment_token="vault_1")).rule == "abroad"
    assert (await assessed(counters, rule_set(ABROAD))).unknown == ("abroad",)


@pytest.mark.parametrize("batch_events_max", [1, 1_000])
async def test_newest_fact_of_a_card_counts_and_none_is_lost(
    writer: Writer[ChargeEvent], counters: Pool, batch_events_max: int
) -> None:
    newer = CardInstrument(country="IE", network_transaction_id="n1")
    nothing = CardInstrument(last4="4242")
    for card in (CARD, newer, nothing, PayPalInstrument(country="US"), CardInstrument(funding="")):
        await writer.commit(append(new_stream(), BORN, captured(instrument=card)))
    await caught_up(subscription(counters, batch_events_max=batch_events_max))
    row = await counters.fetchrow(
        "select brand, country, funding, fingerprint, lapses_on - current_date as days from risk.instruments"
    )
    assert row is not None
    assert tuple(row)[:4] == ("visa", "IE", "debit", "fp_1")
    assert KEPT_FOR.days - 1 <= row["days"] <= KEPT_FOR.days


async def test_cards_are_forgotten_after_their_time(
    writer: Writer[ChargeEvent], counters: Pool, owner_pool: Pool
) -> None:
    for token in ("pm_1", "pm_2"):
        born = replace(BORN, payment_method=CardToken(token))
        await writer.commit(append(new_stream(), born, captured(instrument=CARD)))
    await caught_up(subscription(counters))
    old = instrument_of("pm_1", merchant_id=MERCHANT, livemode=False)
    await owner_pool.execute(
        "update risk.instruments set lapses_on = current_date - 1 where instrument = $1", old
    )
    cards = PostgresEarlierCards(counters)
    assert (await cards.purge(rows_max=100), await cards.purge(rows_max=100)) == (1, 0)
    assert await counters.fetchval("select count(*) from risk.instruments") == 1
    # A payment brings the other one's life to its full length again.
    await owner_pool.execute("update risk.instruments set lapses_on = current_date")
    await writer.commit(
        append(new_stream(), replace(BORN, payment_method=CardToken("pm_2")), captured(instrument=CARD))
    )
    await caught_up(subscription(counters))
    assert await cards.purge(rows_max=100) == 0
    assert await counters.fetchval("select min(lapses_on) > current_date + 390 from risk.instruments")


async def test_card_table_away_is_told_as_an_outage(counters: Pool) -> None:
    counters.terminate()
    with pytest.raises(StoreUnavailable):
        await PostgresEarlierCards(counters).find(bytes(16))
