"""What a cache that processes share costs a first request, and what it saves a repeated one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import psutil
from harness.redis_server import RedisServer, running_redis

from bench import load
from bench.accept import BODY
from bench.figures import Figure, out, show
from bench.installation import Installation, installation
from bench.load import Load
from bench.store import Store

REQUESTS: Final = 8_000
"""Fewer than a process keeps responses of."""
CONNECTIONS: Final = 32
SECONDS_MAX: Final = 120.0
ROUNDS: Final = 3


class _Answered(NamedTuple):
    """Requests that were all answered: half of them within `p50_ms`, each for so much CPU time of the API, PostgreSQL and the cache."""

    p50_ms: float
    microseconds: float


class _Round(NamedTuple):
    """First requests, and repeated ones at the process that answered first (`own`) and at another one (`row`, `shared`)."""

    first: _Answered
    first_shared: _Answered
    own: _Answered
    row: _Answered
    shared: _Answered


def measure(store: Store) -> None:
    """First requests with and without the cache, then the same requests at their own process and at another one."""
    folder = store.folder / "redis"
    folder.mkdir()
    with running_redis(folder) as redis, installation(store) as fincore:
        rounds = [_round(fincore, redis, number, folder / "requests") for number in range(ROUNDS)]
    _show(rounds)


def _round(fincore: Installation, redis: RedisServer, number: int, file: Path) -> _Round:
    plain, shared = f"plain-{number}", f"shared-{number}"
    with _api(fincore, plain) as alone, _api(fincore, shared, redis) as sharing:
        first = _answered(fincore, alone, plain, file, redis)
        first_shared = _answered(fincore, sharing, shared, file, redis)
        own = _answered(fincore, alone, plain, file, redis)
    with _api(fincore, f"{plain}-other") as alone, _api(fincore, f"{shared}-other", redis) as sharing:
        row = _answered(fincore, alone, plain, file, redis)
        found = _answered(fincore, sharing, shared, file, redis)
    result = _Round(first, first_shared, own, row, found)
    names = (
        "first",
        "first with the cache",
        "repeated at its process",
        "at another by the row",
        "by the cache",
    )
    told = ", ".join(f"{name} {one.microseconds:.0f} us" for name, one in zip(names, result, strict=True))
    out.print(f"  responses, round {number + 1}, CPU a request: {told}", markup=False)
    return result


@contextmanager
def _api(fincore: Installation, name: str, redis: RedisServer | None = None) -> Iterator[str]:
    """A process of the API that ends with the block, and its name."""
    fincore.add_program(name, "api")
    fincore.launch(name, {} if redis is None else {"FINCORE_SHARED_RESPONSES_URL": redis.url})
    fincore.until_ready(name)
    yield name
    fincore.terminate(name)


def _answered(fincore: Installation, name: str, keys: str, file: Path, redis: RedisServer) -> _Answered:
    """Send each request once; `keys` begin their idempotency keys."""
    requests = Load(
        port=fincore.api_port(name),
        method="POST",
        path="/v1/charges",
        connections=CONNECTIONS,
        seconds=SECONDS_MAX,
        headers={"Authorization": f"Bearer {fincore.secret_key}"},
        requests_file=str(file),
    )
    bodies = (BODY.content.replace("{n}", f"{number:04}").encode() for number in range(REQUESTS))
    load.write_requests(
        file,
        requests,
        (({"Idempotency-Key": f"{keys}-{number}"}, body) for number, body in enumerate(bodies)),
    )
    cache = psutil.Process(redis.pid)
    before = sum(cache.cpu_times()[:2])
    meter = fincore.cpu_meter()
    result = load.run(requests)
    used = meter.use().seconds
    stage = result.stages[0]
    # The generator ends with the last request, and does not count answers that come after that.
    if result.sent != REQUESTS or stage.answers != stage.answered(201):
        raise RuntimeError(f"{stage.answers - stage.answered(201)} requests failed: {result.first_error}")
    seconds = used[name] + used["PostgreSQL"] + sum(cache.cpu_times()[:2]) - before
    return _Answered(stage.p50_ms, seconds / REQUESTS * 1e6)


def _show(rounds: list[_Round]) -> None:
    def middle(value: Callable[[_Round], float]) -> float:
        return median(map(value, rounds))

    def figure(
        name: str, one: Callable[[_Round], _Answered], beside: str, other: Callable[[_Round], _Answered]
    ) -> Figure:
        return Figure(
            name=name,
            value=middle(lambda each: one(each).microseconds),
            unit="us",
            lower_is_better=True,
            reference=beside,
            reference_value=middle(lambda each: other(each).microseconds),
            note=f"p50 {middle(lambda each: one(each).p50_ms):.1f} ms beside {middle(lambda each: other(each).p50_ms):.1f}",
        )

    show(
        "Responses to repeated requests",
        f"{REQUESTS:,} POST /v1/charges over HTTP on 127.0.0.1, {CONNECTIONS} kept-alive connections, closed loop; {ROUNDS} rounds, medians. "
        "CPU time of the API, PostgreSQL and redis-server together for one request. A repeated request comes to the process that answered "
        "it first, which still has the response in memory, or to one that has just started.",
        [
            figure(
                "first request, with the cache",
                lambda one: one.first_shared,
                "without",
                lambda one: one.first,
            ),
            figure(
                "repeated at another process, by the cache",
                lambda one: one.shared,
                "by its row",
                lambda one: one.row,
            ),
            figure(
                "repeated at another process, by the cache",
                lambda one: one.shared,
                "at its own",
                lambda one: one.own,
            ),
        ],
    )
