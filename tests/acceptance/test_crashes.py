"""kill -9 of any process at any moment, under load and with a PSP that misbehaves: nothing is lost, nothing doubled."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple
from uuid import UUID

import aiohttp
import pytest

from fixtures.shop import Reply, Shop
from fixtures.system import System, running_system

CHARGES_PER_SECOND: Final = 25
CHARGES_MAX: Final = 290
"""The janitor looks through the PSP's latest 300 payments; beyond those it waits minutes for the PSP's search."""
KILLING_SECONDS_MAX: Final = 90.0
ACCEPT_TIMEOUT_SECONDS: Final = 60.0
SETTLE_TIMEOUT_SECONDS: Final = 90.0
VICTIMS: Final = (*("api", "worker", "projectionist", "ledger") * 2, "postgresql")
PAUSE_BETWEEN_KILLS_SECONDS: Final = (0.3, 1.2)
DOWN_SECONDS_MAX: Final = 0.5

OUTCOMES: Final = {
    "pm_card_visa": "succeeded",
    "pm_card_mastercard": "succeeded",
    "pm_card_visa_chargeDeclined": "failed",
    "pm_card_chargeDeclinedExpiredCard": "failed",
}
CALL_FAULTS: Final = {
    "timeout_after_apply": {"probability": 0.02, "seconds": 1.0},
    "timeout_before_apply": {"probability": 0.02, "seconds": 1.0},
    "error_500_after_apply": {"probability": 0.02},
    "malformed_json": {"probability": 0.01},
    "connection_reset": {"probability": 0.02},
    "rate_limited_429": {"probability": 0.03},
    "slow": {"probability": 0.05, "seconds": 0.5},
}
WEBHOOK_FAULTS: Final = {
    "webhook_duplicate": {"probability": 0.1},
    "webhook_delay": {"probability": 0.1, "seconds": 1.0},
    "webhook_reorder": {"probability": 0.1, "seconds": 0.5},
    "webhook_drop": {"probability": 0.05},
    "webhook_bad_signature": {"probability": 0.02},
}


class Order(NamedTuple):
    """One payment the shop intends; `key` stays the same however often it has to be sent."""

    key: str
    payment_method: str
    amount_minor: int
    currency: str
    capture: bool

    @property
    def expected_status(self) -> str:
        """What the charge must become, whatever goes wrong on the way."""
        outcome = OUTCOMES[self.payment_method]
        return "authorized" if outcome == "succeeded" and not self.capture else outcome


class Load:
    """A shop that keeps ordering, and repeats each order under its key until it is accepted."""

    def __init__(self, shop: Shop, rng: random.Random) -> None:
        self.accepted: dict[str, Order] = {}
        self.failures: Counter[str] = Counter()
        self._shop = shop
        self._rng = rng

    async def run(self, done: asyncio.Event) -> None:
        """Order until `done`, then see every order accepted."""
        async with asyncio.TaskGroup() as orders:
            for _ in range(CHARGES_MAX):
                if done.is_set():
                    break
                orders.create_task(self._place(self._new_order()))
                await asyncio.sleep(1 / CHARGES_PER_SECOND)

    def _new_order(self) -> Order:
        return Order(
            key=str(UUID(int=self._rng.getrandbits(128))),
            payment_method=self._rng.choices(list(OUTCOMES), weights=(6, 2, 1, 1))[0],
            amount_minor=self._rng.randint(100, 10_000),
            currency=self._rng.choice(("usd", "eur", "jpy")),
            capture=self._rng.random() > 0.1,
        )

    async def _place(self, order: Order) -> None:
        async with asyncio.timeout(ACCEPT_TIMEOUT_SECONDS):
            api = self._rng.randint(1, 2)
            while (reply := await self._send(order, api)) is None or reply.status >= 500:
                self.failures[str(reply.status) if reply else "no answer"] += 1
                api = 3 - api
                await asyncio.sleep(0.1)
        assert reply.status == 201, reply
        # What was answered once is the answer for good, also to somebody who did not hear it the first time.
        again = await self._send(order, 3 - api)
        answers = {reply.body} | ({again.body} if again and again.status == 201 else set())
        assert len(answers) == 1, answers
        self.accepted[reply.json["id"]] = order

    async def _send(self, order: Order, api: int) -> Reply | None:
        try:
            return await self._shop.post_charge(
                order.payment_method,
                api=api,
                key=order.key,
                amount_minor=order.amount_minor,
                currency=order.currency,
                capture=order.capture,
            )
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None


class Killer:
    """Kills each of `VICTIMS` in a random order at random moments, and starts what is down again a moment later.

    A role that is started while PostgreSQL is away ends by itself, and is started again like one that was killed.
    """

    def __init__(self, system: System, rng: random.Random) -> None:
        self.killed: list[str] = []
        self._system = system
        self._rng = rng

    async def run(self) -> None:
        """Kill and start, one after the other."""
        for victim in self._rng.sample(VICTIMS, k=len(VICTIMS)):
            await asyncio.sleep(self._rng.uniform(*PAUSE_BETWEEN_KILLS_SECONDS))
            if victim == "postgresql":
                self._system.kill_postgres()
            else:
                self._system.revive()
                self._system.kill(victim)
            self.killed.append(victim)
            await asyncio.sleep(self._rng.uniform(0, DOWN_SECONDS_MAX))
            if victim == "postgresql":
                await asyncio.to_thread(self._system.start_postgres)
            self._system.revive()


@pytest.fixture(scope="module")
def crashing_system() -> Iterator[System]:
    """A system for these tests alone, whose PSP takes its time."""
    with running_system(
        apis=2,
        settings={"FINCORE_PSP_TIMEOUT_SECONDS": "2"},
        sandbox_options=("--latency-p50-ms=60", "--latency-p99-ms=300"),
    ) as system:
        yield system


@pytest.fixture
def system(crashing_system: System) -> System:
    """The same, under the name that shows its logs when a test fails."""
    return crashing_system


@pytest.mark.timeout(300)
async def test_whatever_is_killed_when_nothing_accepted_is_lost_and_nobody_is_charged_twice(
    system: System,
) -> None:
    seed = int(os.environ.get("CRASH_SEED") or random.randrange(1 << 32))
    print(f"to repeat this: CRASH_SEED={seed}")  # noqa: T201 -- shown when the test fails
    rng = random.Random(seed)
    merchant = await system.add_merchant()
    for kind, fields in CALL_FAULTS.items():
        match = {"path": "/v1/payment_intents", "method": "POST"}
        system.sandbox.add_fault(kind, match=match, **fields)
    for kind, fields in WEBHOOK_FAULTS.items():
        system.sandbox.add_fault(kind, **fields)

    async with Shop(system, merchant.api_key) as shop:
        load, killer, done = Load(shop, rng), Killer(system, rng), asyncio.Event()
        ordering = asyncio.create_task(load.run(done))
        try:
            async with asyncio.timeout(KILLING_SECONDS_MAX):
                await killer.run()
        finally:
            done.set()
        await ordering
        assert sorted(killer.killed) == sorted(VICTIMS)
        system.mend(timeout_seconds=SETTLE_TIMEOUT_SECONDS)
        await assert_nothing_lost_nothing_doubled(system, shop, load.accepted)
    print(f"{len(load.accepted)} charges; refused meanwhile: {dict(load.failures)}")  # noqa: T201 -- shown with -s


async def assert_nothing_lost_nothing_doubled(system: System, shop: Shop, accepted: dict[str, Order]) -> None:
    """The shop, FinCore, the PSP and the ledger tell of the same charges and the same money."""
    charges = {charge["id"]: charge for charge in await shop.all_charges()}
    assert charges.keys() == accepted.keys()
    wrong = {
        charge_id: (order.expected_status, charges[charge_id])
        for charge_id, order in accepted.items()
        if charges[charge_id]["status"] != order.expected_status
    }
    assert wrong == {}

    at_psp = system.sandbox.state("fincore_charge_id")
    expected_at_psp = {
        charge_id: {
            "intents": 1,
            "authorized": int(order.expected_status == "authorized"),
            "succeeded": int(order.expected_status == "succeeded"),
            "amount_received": order.amount_minor if order.expected_status == "succeeded" else 0,
        }
        for charge_id, order in accepted.items()
    }
    assert at_psp["by_metadata"] == expected_at_psp

    taken: Counter[str] = Counter()
    for charge in charges.values():
        taken[charge["currency"]] += charge["amount_captured_minor"]
    assert at_psp["amount_received"] == dict(taken)
    payable = system.rows(
        "select currency, sum(balance_minor)::bigint from ledgerdb.accounts where name like %s group by currency",
        "merchant:%:payable:%",
    )
    assert dict(payable) == dict(taken)
    # A fee that only the PSP's record told, after a webhook had been faster than our call, has an entry of its own.
    booked = system.rows("select count(*) from ledgerdb.entries where kind = 'charge.captured'")
    assert booked == [(sum(order.expected_status == "succeeded" for order in accepted.values()),)]

    dead = system.rows(
        "select entrypoint, headers ->> 'held_reason' from queue.pgqueuer where status = 'failed'"
    )
    assert dead == []
    laws = system.fincore("check")
    assert laws.code == 0, laws.stdout
