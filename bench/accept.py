"""How many charges a second one API process accepts, each durable when it is answered."""

import time
from collections.abc import Callable
from statistics import median
from typing import Final, NamedTuple

import psycopg

from bench import load, pgbench
from bench.figures import Figure, out, show
from bench.installation import Installation, installation
from bench.load import Body, Load, LoadResult
from bench.store import Store

ROUNDS: Final = 3
SECONDS: Final = 5.0
WARMUP_SECONDS: Final = 1.0
CONNECTIONS: Final = 128
STATISTICS_DELAY_SECONDS: Final = 1.2
"""PostgreSQL's sessions report their transactions at most once a second."""

BODY: Final = Body(
    content='{"amount_minor":1{n},"currency":"usd","payment_method":"pm_card_visa","description":"An order",'
    '"customer_email":"ada@example.com","metadata":{"order_id":"order-{n}"}}'
)


class Accepted(NamedTuple):
    """Charges through one API process: their rate, what each cost, and how many shared a transaction."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_microseconds: dict[str, float]
    transactions_per_charge: float
    cores: str

    @property
    def server_microseconds(self) -> float:
        """CPU time of a charge in the API process and PostgreSQL together."""
        return sum(used for name, used in self.cpu_microseconds.items() if name != "generator")


class Round(NamedTuple):
    """What one round measured; the no-op in answers a second, pgbench in rows a second."""

    product: Accepted
    per_request: Accepted
    no_op: float
    rows: float


def measure(store: Store) -> None:
    """Accept charges through the product and through its twin, in turns, and the rest beside them."""
    with installation(store) as fincore:
        product = fincore.start_role("api")
        twin = fincore.start_role(
            "api", name="transaction-per-request api", program=("-m", "bench.per_request")
        )
        rounds = []
        for number in range(ROUNDS):
            rounds.append(
                Round(
                    accepted_by(fincore, product, f"product-{number}"),
                    accepted_by(fincore, twin, f"twin-{number}"),
                    load.run(_load(product, "GET", "/healthz")).stages[0].rate,
                    pgbench.rows_per_second(fincore.dsn, seconds=int(SECONDS), scratch=store.folder),
                )
            )
            if rounds[-1].per_request.transactions_per_charge < 0.5:
                raise RuntimeError(
                    "the reference does not open a transaction for each request: bench.per_request"
                )
            out.print(f"  accept, round {number + 1}: {_line(rounds[-1])}", markup=False)
    _show(rounds)


def _show(rounds: list[Round]) -> None:
    def middle(value: Callable[[Round], float]) -> float:
        return median(value(one) for one in rounds)

    rate = middle(lambda one: one.product.rate)
    show(
        "Accept",
        f"POST /v1/charges to one API process over HTTP on 127.0.0.1, {CONNECTIONS} kept-alive connections, closed "
        f"loop; every request with its own Idempotency-Key, authenticated, validated, and answered when its event, "
        f"job and idempotency row are durable. {ROUNDS} rounds of {SECONDS:g} s each after {WARMUP_SECONDS:g} s of "
        f"warm-up, product and references in turns; medians. The transaction-per-request version is the same program "
        f"with a writer that opens a transaction for every request.",
        [
            Figure(
                name="accepted charges",
                value=rate,
                unit="/s",
                target=4_000,
                reference="a transaction per request",
                reference_value=middle(lambda one: one.per_request.rate),
            ),
            Figure(
                name="times the transaction per request",
                value=middle(lambda one: one.product.rate / one.per_request.rate),
                unit="x",
                target=3,
            ),
            Figure(
                name="accepted charges",
                value=rate,
                unit="/s",
                reference="GET /healthz, same server",
                reference_value=middle(lambda one: one.no_op),
            ),
            Figure(
                name="accepted charges",
                value=rate,
                unit="/s",
                reference="pgbench, a row a transaction",
                reference_value=middle(lambda one: one.rows),
            ),
            Figure(
                name="CPU time per charge, API and PostgreSQL",
                value=middle(lambda one: one.product.server_microseconds),
                unit="us",
                lower_is_better=True,
                reference="a transaction per request",
                reference_value=middle(lambda one: one.per_request.server_microseconds),
            ),
        ],
        [
            note
            for one in rounds
            for note in (_note("product", one.product), _note("reference", one.per_request))
        ],
    )


def accepted_by(fincore: Installation, port: int, keys: str) -> Accepted:
    """What one API process accepts; `keys` begin the idempotency keys."""
    authorization = {"Authorization": f"Bearer {fincore.secret_key}"}
    transactions = _transactions(fincore)
    meter = fincore.cpu_meter()
    result = load.run(_load(port, "POST", "/v1/charges", headers=authorization, keys=keys))
    use = meter.use(generator=result.cpu_seconds)
    _require_accepted(result)
    time.sleep(STATISTICS_DELAY_SECONDS)
    stage = result.stages[0]
    return Accepted(
        rate=stage.rate,
        p50_ms=stage.p50_ms,
        p99_ms=stage.p99_ms,
        cpu_microseconds=use.microseconds_each(result.sent),
        transactions_per_charge=(_transactions(fincore) - transactions) / result.sent,
        cores=str(use),
    )


def _require_accepted(result: LoadResult) -> None:
    refused = result.stages[0].answers - result.stages[0].answered(201)
    if refused or result.unanswered:
        raise RuntimeError(
            f"{refused} charges were not accepted and {result.unanswered} not answered: {result.first_error}"
        )


def _transactions(fincore: Installation) -> int:
    with psycopg.connect(fincore.dsn, autocommit=True) as connection:
        row = connection.execute(
            "select xact_commit from pg_stat_database where datname = current_database()"
        ).fetchone()
    return int(row[0]) if row else 0


def _load(
    port: int, method: str, path: str, *, headers: dict[str, str] | None = None, keys: str | None = None
) -> Load:
    return Load(
        port=port,
        method=method,
        path=path,
        connections=CONNECTIONS,
        seconds=SECONDS,
        warmup_seconds=WARMUP_SECONDS,
        headers=headers or {},
        bodies=(BODY,) if keys else (),
        idempotency_prefix=keys,
    )


def _note(name: str, accepted: Accepted) -> str:
    each = ", ".join(f"{process} {used:.0f} us" for process, used in accepted.cpu_microseconds.items())
    return (
        f"{name} at {accepted.rate:,.0f}/s: p50 {accepted.p50_ms:.1f} ms, p99 {accepted.p99_ms:.1f} ms, "
        f"{accepted.transactions_per_charge:.2f} transactions a charge; CPU a charge: {each}; cores: {accepted.cores}"
    )


def _line(one: Round) -> str:
    return (
        f"accepted {one.product.rate:,.0f}/s, transaction per request {one.per_request.rate:,.0f}/s, "
        f"no-op {one.no_op:,.0f}/s, pgbench {one.rows:,.0f}/s"
    )
