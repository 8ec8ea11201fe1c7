"""What it costs to decide about the risk of a charge: in memory, and in a process that accepts charges over HTTP."""

import asyncio
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import psycopg

from bench import load
from bench.figures import Figure, show
from bench.installation import Installation, installation
from bench.load import Body, Load
from bench.risk_backtest import measure_back_test
from bench.store import Store
from fincore.backoffice import risk_lists
from fincore.bootstrap.databases import Databases, open_stores
from fincore.domain.clock import SystemClock
from fincore.domain.currency import Currency
from fincore.domain.ids import MerchantId, new_charge_id
from fincore.domain.money import Money
from fincore.domain.payment_method import CardInstrument
from fincore.domain.risk import CustomerContext
from fincore.write.risk.engine import RiskRequest
from fincore.write.risk.in_process_engine import InProcessEngine
from fincore.write.risk.lists import RiskLists
from fincore.write.risk.postgres_store import PostgresRiskStore
from fincore.write.risk.rule_file import read_risk_rules
from fincore.write.risk.rules import RuleSet
from fincore.write.risk.store import Counter, ListName, Membership, Observation, Readings
from fincore.write.rule_looks import POLL_SECONDS

RULES: Final = (10, 100, 1_000)
TARGET_RULES: Final = 100
TARGET_MICROSECONDS: Final = 2_000.0
ROUNDS: Final = 7
CHARGES: Final = {10: 2_000, 100: 500, 1_000: 50}

ACCEPT_RULES: Final = 50
ACCEPT_ROUNDS: Final = 3
ACCEPT_TARGET_MICROSECONDS: Final = 500.0
ACCEPT_LOAD: Final = 64
ACCEPT_SECONDS: Final = 4.0
FIRST_SECONDS: Final = 0.5
LIST_ENTRIES: Final = (1_000, 1_000_000)
LOOKUPS: Final = 500
MERCHANT_ID: Final = MerchantId("mer_01kab5m5wvfb9v1c2m5hfv0d2e")
RULES_LIVE_AFTER_SECONDS: Final = 3 * POLL_SECONDS
BODY: Final = Body(
    content='{"amount_minor":1{n},"currency":"usd","payment_method":"pm_card_visa","customer":{"email":"ada-{n}@example.com",'
    '"ip":"203.0.113.9","id":"customer-{n}","device_id":"device-{n}"},"billing_country":"US","metadata":{"order_id":"order-{n}"}}'
)
COUNTED: Final = (
    "has_ip && attempts_by_ip_1h > 900000{n}",
    "has_ip && attempts_by_ip_10m > 800000{n} && amount_minor > {n}",
    "has_email && attempts_by_email_24h > 20{n}",
    'has_device_id && attempts_by_device_24h > 30{n} || currency == "xts"',
    "has_card && declines_by_card_24h > 30{n}",
)
"""Five kinds of rules over five counters; none of them hits."""

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

    async def find(self, _: bytes) -> CardInstrument | None:
        """No PSP told of the card before."""
        return None


class _Accepted(NamedTuple):
    """Charges through one API process: their rate, and the CPU time of each in the process and in PostgreSQL."""

    rate: float
    microseconds: float


class _Listed(NamedTuple):
    """A list of some length: how long its import took, and a look-up in it."""

    import_seconds: float
    lookup_milliseconds: float


def measure(store: Store) -> None:
    """Assess charges in this process, alone; accept charges with rules and without; import lists and look values up; try rules on past charges."""
    _measure_engine()
    _measure_accept(store)
    _measure_lists(store)
    measure_back_test(store, rules_text(ACCEPT_RULES, COUNTED), rules_count=ACCEPT_RULES)


def _measure_engine() -> None:
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


def _measure_accept(store: Store) -> None:
    """Two installations on databases of their own, in turns: one without rules, one with fifty that are live."""
    with installation(store) as plain, installation(store) as ruled:
        _let_rules_live(ruled, store)
        ports = {plain: plain.start_role("api"), ruled: ruled.start_role("api")}
        time.sleep(RULES_LIVE_AFTER_SECONDS)
        _let_outcomes_be_counted(ruled, ports[ruled])
        rounds = [
            (_accept(plain, ports[plain], f"plain-{number}"), _accept(ruled, ports[ruled], f"ruled-{number}"))
            for number in range(ACCEPT_ROUNDS)
        ]
    without, with_rules = (median(one[place].microseconds for one in rounds) for place in (0, 1))
    show(
        "Risk while charges are accepted",
        f"POST /v1/charges as in the section accept, {ACCEPT_LOAD} connections, {ACCEPT_ROUNDS} rounds of {ACCEPT_SECONDS:g} s in "
        f"turns; medians. {ACCEPT_RULES} rules over five counters are live in one of two installations; every charge is of one "
        "address, which is the worst case of a counter.",
        [
            Figure(
                name="CPU that rules add to a charge, API and PostgreSQL",
                value=with_rules - without,
                unit="us",
                target=ACCEPT_TARGET_MICROSECONDS,
                lower_is_better=True,
                reference="a charge without rules",
                reference_value=without,
            ),
            Figure(
                name="accepted charges with rules",
                value=median(one[1].rate for one in rounds),
                unit="/s",
                reference="without rules",
                reference_value=median(one[0].rate for one in rounds),
            ),
        ],
    )


def _measure_lists(store: Store) -> None:
    """Lists of customers in a database of their own; each look-up is of the last entry, alone in its statement."""
    found = asyncio.run(_lists_measured(store.fresh_database(), store.folder / "list.csv"))
    show(
        "Lists of risk",
        f"Files are imported as `fincore risk lists import` does it; then {LOOKUPS:,} look-ups one after the other, the median.",
        [
            Figure(
                name=f"import of {LIST_ENTRIES[-1]:,} addresses",
                value=LIST_ENTRIES[-1] / found[-1].import_seconds,
                unit="/s",
                reference=f"{LIST_ENTRIES[0]:,} addresses",
                reference_value=LIST_ENTRIES[0] / found[0].import_seconds,
            ),
            Figure(
                name=f"look-up in {LIST_ENTRIES[-1]:,} addresses",
                value=found[-1].lookup_milliseconds,
                unit="ms",
                lower_is_better=True,
                reference=f"in {LIST_ENTRIES[0]:,}",
                reference_value=found[0].lookup_milliseconds,
            ),
        ],
    )


async def _lists_measured(dsn: str, file: Path) -> list[_Listed]:
    databases = Databases(eventstore=dsn, paymentdb=dsn, ledgerdb=dsn)
    async with open_stores(databases, application_name="bench") as stores:
        lists, risk = RiskLists(stores.eventstore), PostgresRiskStore(stores.risk)
        return [await _listed(lists, risk, file, entries) for entries in LIST_ENTRIES]


async def _listed(lists: RiskLists, risk: PostgresRiskStore, file: Path, entries: int) -> _Listed:
    name, address = ListName(f"of_{entries}"), "customer-{}@example.com"
    with file.open("w", encoding="utf-8") as lines:
        lines.write("value\n")
        lines.writelines(f"{address.format(number)}\n" for number in range(entries))
    await risk_lists.create_list(lists, name, "email", by="bench", reason="bench")
    began = time.perf_counter()
    await risk_lists.import_file(lists, name, file, now=SystemClock().now(), by="bench", reason="bench")
    import_seconds = time.perf_counter() - began
    asked = Membership(name, "email", address.format(entries - 1))
    observation = Observation(
        merchant_id=MERCHANT_ID,
        livemode=False,
        dedupe=bytes(16),
        money=Money(1_000, Currency("usd")),
        values={},
    )
    took = []
    for _ in range(LOOKUPS):
        began = time.perf_counter()
        readings = await risk.observe(observation, (), (asked,))
        took.append((time.perf_counter() - began) * 1e3)
        if readings.members != {asked}:
            raise RuntimeError(f"a list of {entries:,} does not find its last entry")
    return _Listed(import_seconds, median(took))


def _let_rules_live(fincore: Installation, store: Store) -> None:
    file = store.folder / "risk-rules.toml"
    file.write_text(rules_text(ACCEPT_RULES, COUNTED))
    fincore.printed("risk", "draft", str(file), "--reason", "bench")
    fincore.printed("risk", "shadow", "1", "--reason", "bench")
    fincore.printed("risk", "live", "1", "--reason", "bench")


def _let_outcomes_be_counted(fincore: Installation, port: int) -> None:
    """Until the role `risk` has seen a charge, the declines of a card are unknown. It is stopped then: only the API is measured."""
    fincore.start_role("risk")
    _accept(fincore, port, "first", seconds=FIRST_SECONDS)
    with psycopg.connect(fincore.dsn, autocommit=True) as connection:
        fincore.until(
            "declines are counted",
            lambda: connection.execute("select 1 from risk.counted_outcomes").fetchone() is not None,
        )
    fincore.terminate("risk")


def _accept(fincore: Installation, port: int, keys: str, *, seconds: float = ACCEPT_SECONDS) -> _Accepted:
    meter = fincore.cpu_meter()
    result = load.run(
        Load(
            port=port,
            method="POST",
            path="/v1/charges",
            connections=ACCEPT_LOAD,
            seconds=seconds,
            warmup_seconds=1.0,
            headers={"Authorization": f"Bearer {fincore.secret_key}"},
            bodies=(BODY,),
            idempotency_prefix=keys,
        )
    )
    use = meter.use(generator=result.cpu_seconds)
    if result.stages[0].answers != result.stages[0].answered(201) or result.unanswered:
        raise RuntimeError(f"charges were not accepted: {result.first_error}")
    each = use.microseconds_each(result.sent)
    return _Accepted(result.stages[0].rate, sum(used for name, used in each.items() if name != "generator"))


def rules_text(count: int, kinds: Sequence[str] = CONDITIONS) -> str:
    """A file of rules of which none hits."""
    conditions = [kinds[number % len(kinds)].format(n=number) for number in range(count)]
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
        merchant_id=MERCHANT_ID,
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
