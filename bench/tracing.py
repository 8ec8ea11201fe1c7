"""What traces cost: acceptance and the whole way with none, with those of one charge in a hundred, and with all."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from statistics import median
from typing import Final, NamedTuple, TypeVar

from bench import load
from bench.accept import CONNECTIONS, ROUNDS, SECONDS, Accepted, accepted_by
from bench.collector import CollectorProcess
from bench.figures import Figure, out, show
from bench.installation import installation
from bench.load import Load
from bench.progress import Progress
from bench.store import Store
from bench.watch import drained
from bench.whole_way import BODIES, PSP_P50_MS, PSP_P99_MS, ROLES_BEHIND_THE_API

T = TypeVar("T")

CASES: Final = ("off", "1 %", "100 %")
ACCEPT_CASES: Final = (*CASES, "off again")
"""With a second process without traces: two processes that do the same differ by that much."""
RATES_OF_CASE: Final = {"1 %": "0.01", "100 %": "1"}
WHOLE_WAY_PER_SECOND: Final = 200.0
WHOLE_WAY_SECONDS: Final = 8.0
WHOLE_WAY_ROUNDS: Final = 3


class Cost(NamedTuple):
    """CPU time of a charge in FinCore's processes and PostgreSQL, in microseconds, and time to answer."""

    cpu_microseconds: Mapping[str, float]
    p50_ms: float

    @property
    def all_microseconds(self) -> float:
        """In all of them; the PSP sandbox is none."""
        return sum(used for name, used in self.cpu_microseconds.items() if name != "PSP sandbox")


def measure(store: Store) -> None:
    """Measure the cases in turns, each round in another order: what came before one is a part of what it meets."""
    collector = CollectorProcess()
    try:
        accepted = _accept(store, collector.url)
        whole = {case: list[Cost]() for case in CASES}
        for number in range(WHOLE_WAY_ROUNDS):
            for case in _in_turn(number, CASES):
                whole[case].append(_whole_way(store, case, collector.url))
                cost = whole[case][-1]
                out.print(
                    f"  traces, whole way {number + 1}, {case}: {cost.all_microseconds:,.0f} us a charge",
                    markup=False,
                )
        collected = collector.stop()
    finally:
        collector.kill()
    _show(accepted, whole, f"collected: {collected.requests:,} requests, {collected.body_bytes:,} bytes")


def _in_turn(number: int, cases: Sequence[str]) -> Sequence[str]:
    first = number % len(cases)
    return (*cases[first:], *cases[:first])


def _settings(case: str, collector_url: str) -> dict[str, str]:
    if case not in RATES_OF_CASE:
        return {}
    return {"FINCORE_TRACE_OTLP_URL": collector_url, "FINCORE_TRACE_RATE": RATES_OF_CASE[case]}


def _accept(store: Store, collector_url: str) -> dict[str, list[Accepted]]:
    with installation(store) as fincore:
        for case in ACCEPT_CASES:
            fincore.add_program(case, "api")
            fincore.launch(case, _settings(case, collector_url))
            fincore.until_ready(case)
        rounds = {case: list[Accepted]() for case in ACCEPT_CASES}
        for number in range(ROUNDS):
            for case in _in_turn(number, ACCEPT_CASES):
                rounds[case].append(
                    accepted_by(fincore, fincore.api_port(case), f"{number}-{ACCEPT_CASES.index(case)}")
                )
            rates = ", ".join(f"{case} {rounds[case][-1].rate:,.0f}/s" for case in ACCEPT_CASES)
            out.print(f"  traces, accept {number + 1}: {rates}", markup=False)
    return rounds


def _whole_way(store: Store, case: str, collector_url: str) -> Cost:
    with installation(store, **_settings(case, collector_url)) as fincore:
        port = fincore.start_role("api")
        fincore.start_slow_sandbox(p50_ms=PSP_P50_MS, p99_ms=PSP_P99_MS)
        for role in ROLES_BEHIND_THE_API:
            fincore.start_role(role)
        charges = Load(
            port=port,
            method="POST",
            path="/v1/charges",
            connections=CONNECTIONS,
            rates=((WHOLE_WAY_PER_SECOND, WHOLE_WAY_SECONDS),),
            bodies=BODIES,
            headers={"Authorization": f"Bearer {fincore.secret_key}"},
            idempotency_prefix="traces",
        )
        with closing(Progress(fincore.dsn)) as progress:
            meter = fincore.cpu_meter()
            result = load.run(charges)
            drained(progress)
            use = meter.use()
        if result.unanswered or set(result.stages[0].statuses) != {"201"}:
            raise RuntimeError(
                f"charges were not accepted: {result.stages[0].statuses}, {result.first_error}"
            )
        return Cost(use.microseconds_each(result.sent), result.stages[0].p50_ms)


def _show(
    accepted: Mapping[str, Sequence[Accepted]], whole: Mapping[str, Sequence[Cost]], collected: str
) -> None:
    figures = [
        *_figures("accepted charges", "/s", accepted, lambda one: one.rate),
        *_figures("CPU time to accept a charge", "us", accepted, lambda one: one.server_microseconds),
        *_figures("CPU time of the whole way", "us", whole, lambda one: one.all_microseconds),
    ]
    show(
        "Traces",
        f"Accept as in its own section, {ROUNDS} rounds of {SECONDS:g} s, by four API processes of one installation in turns, two of them without traces; the "
        f"whole way at {WHOLE_WAY_PER_SECOND:g} charges a second for {WHOLE_WAY_SECONDS:g} s and until all is done, an installation each, "
        f"{WHOLE_WAY_ROUNDS} rounds. Spans go to a collector on 127.0.0.1 that throws them away. Medians; CPU time of the API, or "
        f"all roles, and PostgreSQL.",
        figures,
        [
            *(
                f"accept, {case}: {_each(one.cpu_microseconds)}"
                for case in ACCEPT_CASES
                for one in accepted[case]
            ),
            *(f"whole way, {case}: {_each(one.cpu_microseconds)}" for case in CASES for one in whole[case]),
            collected,
        ],
    )


def _figures(
    name: str, unit: str, rounds: Mapping[str, Sequence[T]], value: Callable[[T], float]
) -> list[Figure]:
    middle = {case: median(map(value, of_case)) for case, of_case in rounds.items()}
    return [
        Figure(
            name=f"{name}, traces {case}",
            value=middle[case],
            unit=unit,
            lower_is_better=unit == "us",
            reference="" if case == "off" else "without traces",
            reference_value=None if case == "off" else middle["off"],
        )
        for case in middle
    ]


def _each(cpu_microseconds: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {used:.0f} us" for name, used in cpu_microseconds.items())
