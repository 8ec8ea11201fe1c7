"""The risk engine over its store in PostgreSQL: counters and lists decide, and a repeated request is one attempt."""

from msgspec.structs import replace

from fincore.domain.risk import CustomerContext, RiskAssessment
from fincore.postgres.pool import Pool
from fincore.write.risk.in_process_engine import InProcessEngine
from fincore.write.risk.instrument_store import PostgresEarlierCards
from fincore.write.risk.postgres_store import PostgresRiskStore
from fincore.write.risk.rules import RuleSet
from fixtures.clocks import HandClock
from fixtures.risk import NOON, REQUEST, rule, rule_set

LIST = "insert into risk.lists (name, kind, created_by, reason) values ('bad_ips', 'ip', 'ada', 'begin')"
ENTRY = (
    "insert into risk.list_entries (list, kind, value, network, added_by, reason) "
    "values ('bad_ips', 'ip', '192.0.2.0/24', '192.0.2.0/24', 'ada', 'a burst')"
)
LISTING = rule("listing", 'in_list("bad_ips", ip)', "block", stage="block_lists")


class Live:
    """One live version."""

    shadow = ()
    lacks_live = False

    def __init__(self, live: RuleSet) -> None:
        self.live = live


async def assessed(pool: Pool, text: str, number: int, **changes: object) -> RiskAssessment:
    """The assessment of the request with a number, by a process of its own."""
    store = PostgresRiskStore(pool)
    engine = InProcessEngine(
        Live(rule_set(text)),
        store,
        PostgresEarlierCards(pool),
        HandClock(NOON),
        timeout_seconds=60,
        failure_mode="closed",
    )
    found = await engine.assess(replace(REQUEST, dedupe=number.to_bytes(16), **changes))
    await store.close()
    assert found is not None
    assert found.unavailable is None
    return found


async def test_engine_counts_each_request_once_over_processes(pool: Pool) -> None:
    limit = rule("limit", "attempts_by_ip_1h > 2 || attempted_minor_by_email_24h > 100000")
    numbers = (1, 1, 2, 1, 3, 2, 4)
    found = [await assessed(pool, limit, number) for number in numbers]
    assert [one.facts["attempts_by_ip_1h"] for one in found] == [1, 1, 2, 2, 3, 3, 4]
    assert [one.decision for one in found] == ["allow"] * 4 + ["block"] * 3
    assert [one.facts["attempted_minor_by_email_24h"] for one in found][-1] == 4 * 1999


async def test_engine_finds_address_in_a_listed_network(pool: Pool) -> None:
    await pool.execute(LIST)
    await pool.execute(ENTRY)
    found = await assessed(pool, LISTING, 1)
    assert (found.decision, found.rule, found.facts['in_list("bad_ips", ip)']) == ("block", "listing", True)
    other = await assessed(pool, LISTING, 2, customer=CustomerContext(ip="198.51.100.7"))
    assert (other.decision, other.facts['in_list("bad_ips", ip)']) == ("allow", False)
    unknown = await assessed(pool, LISTING, 3, customer=None)
    assert (unknown.decision, unknown.unknown) == ("allow", ("listing",))
