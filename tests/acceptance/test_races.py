"""Many requests at once at several processes of the API: exactly those that are legal together are carried out."""

import asyncio
import os
import random
import urllib.error
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, Final, NamedTuple
from uuid import UUID

import pytest
from harness.installation import Merchant

from fixtures.agreement import assert_all_agree
from fixtures.shop import Charge, Reply, Shop
from fixtures.system import System

pytestmark = pytest.mark.timeout(600)

APIS: Final = 3
ROUNDS: Final = 6
"""Races of one kind, each over a charge of its own, all under way together."""
SPREAD_SECONDS: Final = 0.02
"""How far apart the requests of a race may set out."""
PSP_SPREAD_SECONDS: Final = 0.4
"""The same, where what happens at the PSP may come before or after FinCore's call of it."""

TOO_LATE: Final = {"409 charge_not_capturable", "409 charge_not_cancelable", "409 operation_in_progress"}
"""What an operation on a hold is told when another one was faster."""

Request = Callable[[int], Awaitable[Reply]]
"""Sends a request to the process of the API that has this number."""


class Track(NamedTuple):
    """Where races are run: a merchant of its own, its back end, and chance."""

    system: System
    merchant: Merchant
    shop: Shop
    chance: random.Random

    def key(self) -> str:
        """A new idempotency key."""
        return str(UUID(int=self.chance.getrandbits(128)))

    async def race(self, *requests: Request, spread_seconds: float = SPREAD_SECONDS) -> list[Reply]:
        """Send requests at nearly one moment, spread over the processes of the API; the replies in the same order."""

        async def run(request: Request, api: int, pause_seconds: float) -> Reply:
            await asyncio.sleep(pause_seconds)
            return await request(api)

        return await asyncio.gather(
            *(
                run(request, self.chance.randint(1, APIS), self.chance.uniform(0, spread_seconds))
                for request in requests
            )
        )

    async def settled(self) -> dict[str, Charge]:
        """The merchant's charges by id, when nothing is under way and all records of them agree."""
        await asyncio.to_thread(self.system.until_idle)
        return await assert_all_agree(self.system, self.shop, self.merchant)


@pytest.fixture
async def track(system: System) -> AsyncIterator[Track]:
    """A track on the shared system. Its seed is shown when a test fails."""
    seed = int(os.environ.get("RACE_SEED") or random.randrange(1 << 32))
    print(f"to repeat this: RACE_SEED={seed}")  # noqa: T201 -- shown when the test fails
    merchant = await system.add_merchant()
    async with Shop(system, merchant.api_key) as shop:
        yield Track(system, merchant, shop, random.Random(seed))


def outcomes(replies: Iterable[Reply]) -> Counter[str]:
    """How many replies did what was asked (`done`), and how many were which problem."""
    return Counter(
        "done" if reply.status < 300 else f"{reply.status} {reply.json['code']}" for reply in replies
    )


def _charge(track: Track, key: str, minor: int) -> Request:
    return lambda api: track.shop.post_charge(api=api, key=key, amount_minor=minor)


def _capture(track: Track, key: str, minor: int, charge_id: str) -> Request:
    return lambda api: track.shop.capture(charge_id, api=api, key=key, amount_minor=minor)


def _refund(track: Track, key: str, minor: int, charge_id: str) -> Request:
    return lambda api: track.shop.refund(charge_id, api=api, key=key, amount_minor=minor)


# Refunds


async def test_two_racing_refunds_above_capture_make_one_refund(track: Track) -> None:
    async def one_race(charge: Charge) -> list[Reply]:
        return await track.race(
            *[lambda api: track.shop.refund(charge["id"], api=api, amount_minor=6_000)] * 2
        )

    paid = await asyncio.gather(*(track.shop.paid(amount_minor=10_000) for _ in range(ROUNDS)))
    races = await asyncio.gather(*map(one_race, paid))
    assert [outcomes(race) for race in races] == [{"done": 1, "422 refund_amount_too_large": 1}] * ROUNDS
    charges = await track.settled()
    assert {charge["amount_refunded_minor"] for charge in charges.values()} == {6_000}


async def test_twenty_racing_refunds_of_a_tenth_make_ten_refunds(track: Track) -> None:
    async def one_race(charge: Charge) -> list[Reply]:
        return await track.race(
            *[lambda api: track.shop.refund(charge["id"], api=api, amount_minor=1_000)] * 20
        )

    paid = await asyncio.gather(*(track.shop.paid(amount_minor=10_000) for _ in range(2)))
    races = await asyncio.gather(*map(one_race, paid))
    assert [outcomes(race) for race in races] == [{"done": 10, "409 charge_already_refunded": 10}] * 2
    charges = await track.settled()
    assert {charge["amount_refunded_minor"] for charge in charges.values()} == {10_000}
    assert {charge["amount_refundable_minor"] for charge in charges.values()} == {0}


async def test_one_key_at_every_process_is_one_refund(track: Track) -> None:
    async def one_race(charge: Charge) -> list[Reply]:
        key = track.key()
        return await track.race(
            *[lambda api: track.shop.refund(charge["id"], api=api, key=key, amount_minor=400)] * 12
        )

    paid = await asyncio.gather(*(track.shop.paid(amount_minor=10_000) for _ in range(ROUNDS)))
    for race in await asyncio.gather(*map(one_race, paid)):
        assert {(reply.status, reply.body) for reply in race} == {(201, race[0].body)}
        assert sum("Idempotent-Replayed" not in reply.headers for reply in race) == 1
    charges = await track.settled()
    assert [len(charge["refunds"]) for charge in charges.values()] == [1] * ROUNDS


# Captures and cancellations


async def test_racing_captures_and_cancellations_make_one_operation(track: Track) -> None:
    async def one_race(charge: Charge) -> list[tuple[str, Reply]]:
        amounts = track.chance.sample(range(1, 5_001), k=4)
        captures = [_capture(track, track.key(), minor, charge["id"]) for minor in amounts]
        cancels: list[Request] = [lambda api: track.shop.cancel(charge["id"], api=api)] * 4
        replies = await track.race(*captures, *cancels)
        return list(zip([*map(str, amounts), *["cancel"] * 4], replies, strict=True))

    held = await asyncio.gather(*(track.shop.held(amount_minor=5_000) for _ in range(ROUNDS)))
    won: dict[str, str] = {}
    for charge, race in zip(held, await asyncio.gather(*map(one_race, held)), strict=True):
        problems = outcomes(reply for _, reply in race)
        assert problems.pop("done") == 1, problems
        assert problems.keys() <= TOO_LATE
        (won[charge["id"]],) = (asked for asked, reply in race if reply.status == 200)
    for charge_id, charge in (await track.settled()).items():
        ended = "cancel" if charge["status"] == "canceled" else str(charge["amount_captured_minor"])
        assert (ended, charge["pending_operation"]) == (won[charge_id], None)
    print(f"won: {Counter('cancel' if one == 'cancel' else 'capture' for one in won.values())}")  # noqa: T201


async def test_capture_racing_hold_expiry_ends_in_one_of_both(track: Track) -> None:
    async def one_race(charge: Charge) -> str:
        async def expire(_api: int) -> Reply:
            return await behind_our_back(track.system, f"payment_intents/{charge['psp_reference']}/expire")

        capture, expired = await track.race(
            lambda api: track.shop.capture(charge["id"], api=api), expire, spread_seconds=PSP_SPREAD_SECONDS
        )
        if expired.status == 409:
            assert capture.status == 200, capture
            return "succeeded"
        if capture.status != 200:
            assert (capture.status, capture.json["code"]) == (409, "charge_not_capturable")
        return "expired"

    held = await asyncio.gather(*(track.shop.held(amount_minor=5_000) for _ in range(2 * ROUNDS)))
    ends = await asyncio.gather(*map(one_race, held))
    expected = dict(zip((charge["id"] for charge in held), ends, strict=True))
    charges = await track.settled()
    assert {charge_id: charge["status"] for charge_id, charge in charges.items()} == expected
    print(f"ended: {Counter(ends)}")  # noqa: T201 -- shown with -s


# The customer's bank


async def test_racing_refunds_and_dispute_never_exceed_capture(track: Track) -> None:
    async def one_race(charge: Charge) -> list[Reply]:
        async def dispute(_api: int) -> Reply:
            return await behind_our_back(track.system, f"payment_intents/{charge['psp_reference']}/dispute")

        refund: Request = lambda api: track.shop.refund(charge["id"], api=api, amount_minor=4_000)  # noqa: E731
        return await track.race(refund, refund, refund, dispute, spread_seconds=PSP_SPREAD_SECONDS)

    paid = await asyncio.gather(*(track.shop.paid(amount_minor=10_000) for _ in range(ROUNDS)))
    races = await asyncio.gather(*map(one_race, paid))
    for *refunds, dispute in races:
        # Two refunds leave something to dispute. One that the PSP refuses because of the dispute leaves its amount to the third.
        assert dispute.status == 201
        assert outcomes(refunds).keys() <= {"done", "422 refund_amount_too_large", "409 charge_disputed"}
    for charge in (await track.settled()).values():
        (disputed,) = charge["disputes"]
        held_minor = disputed["amount_withdrawn_minor"] - disputed["amount_reinstated_minor"]
        assert charge["amount_refunded_minor"] + held_minor == 10_000
        statuses = Counter(refund["status"] for refund in charge["refunds"])
        assert statuses.keys() <= {"succeeded", "failed"}
        assert charge["amount_refunded_minor"] == 4_000 * statuses["succeeded"]
    print(f"asked: {sum((outcomes(race) for race in races), Counter())}")  # noqa: T201 -- shown with -s


# One key, many meanings


async def test_one_key_with_many_bodies_is_carried_out_once(track: Track) -> None:
    paid, held = await asyncio.gather(track.shop.paid(), track.shop.held())
    minors = range(101, 113)
    races = await asyncio.gather(
        track.race(*(_charge(track, "charge", minor) for minor in minors)),
        track.race(*(_capture(track, "capture", minor, held["id"]) for minor in minors)),
        track.race(*(_refund(track, "refund", minor, paid["id"]) for minor in minors)),
    )
    assert [outcomes(race) for race in races] == [{"done": 1, "422 idempotency_key_reused": 11}] * 3
    done = [
        (minor, reply.json)
        for race in races
        for minor, reply in zip(minors, race, strict=True)
        if reply.status < 300
    ]
    (charged, created), (captured, _), (refunded, refund) = done
    charges = await track.settled()
    assert charges.keys() == {paid["id"], held["id"], created["id"]}
    assert charges[created["id"]]["amount_captured_minor"] == charged
    assert charges[held["id"]]["amount_captured_minor"] == captured
    assert [(one["id"], one["amount_minor"]) for one in charges[paid["id"]]["refunds"]] == [
        (refund["id"], refunded)
    ]


async def behind_our_back(system: System, path: str) -> Reply:
    """Something that happens at the PSP, and whether it could."""

    def call() -> Reply:
        try:
            done: dict[str, Any] = system.sandbox.call("POST", f"/sandbox/{path}")
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Reply(refusal.code, {}, refusal.read())
        return Reply(201, {}, str(done).encode())

    return await asyncio.to_thread(call)
