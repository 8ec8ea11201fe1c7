"""kill -9 before and after every commit and every call, one place after the other: nothing is lost, nothing is doubled.

Each place has a scenario that reaches it. The process that does is killed there and started again; the scenario goes on, and
so does the walk. In the end each scenario must have ended as it should, and all records must agree.
"""

import asyncio
import contextlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import pytest
from harness.accounts import SandboxAccount
from harness.failure import InstallationFailed
from harness.installation import Merchant
from standardwebhooks.webhooks import Webhook

from acceptance.failpoints import failovers, settlement
from acceptance.failpoints.payments import let_time_pass
from acceptance.failpoints.scene import APIS, Ending, Scene, SessionEnding
from acceptance.failpoints.ways import FURTHER_WAYS, WAYS_ON_AWS, Step, Way, steps
from fincore.domain.ids import public_event_id
from fincore.domain.public_session_event import SESSION_MEANINGS
from fincore.observability.failpoints import (
    BESIDE_RUN_FAILPOINTS,
    CARRIED_FAILPOINTS,
    FAILPOINTS,
    PROPOSAL_FAILPOINTS,
    RUN_FAILPOINTS,
)
from fixtures.agreement import assert_all_agree, rows_at_psp
from fixtures.aws_system import SystemOnAws
from fixtures.paypal_client import PayPalClient
from fixtures.shop import Charge, Shop
from fixtures.system import System
from fixtures.vault import vault_settings
from fixtures.webhook_receiver import Received, WebhookReceiver

SETTLE_TIMEOUT_SECONDS: Final = 120.0
"""A delivery that a process took to its grave is taken up again after a minute."""


def test_every_failpoint_is_walked_once_for_each_way() -> None:
    in_a_walk_of_their_own = Counter((*RUN_FAILPOINTS, *BESIDE_RUN_FAILPOINTS, *PROPOSAL_FAILPOINTS))
    on_aws_alone = Counter(CARRIED_FAILPOINTS)
    assert walked(on_aws=False) + in_a_walk_of_their_own + on_aws_alone == Counter(FAILPOINTS) + both(
        FURTHER_WAYS
    )
    assert walked(on_aws=True) == walked(on_aws=False) + both(WAYS_ON_AWS)
    assert on_aws_alone <= walked(on_aws=True)


def walked(*, on_aws: bool) -> Counter[str]:
    """How often each failpoint is walked."""
    return Counter(name for step in steps(on_aws=on_aws) for name in step.doomed.values())


def both(ways: Iterable[tuple[str, Way]]) -> Counter[str]:
    """The failpoints of some ways."""
    return Counter(f"{where}.{place}" for where, _ in ways for place in ("before", "after"))


@pytest.fixture(scope="module", params=["on one machine", "on aws"])
def mortal_system(request: pytest.FixtureRequest) -> Iterator[System]:
    """A system with three accounts at Stripe and one at PayPal, and processes that can be killed at a place.

    On AWS, events, jobs, attempts, secrets and evidence are at an emulator, and functions do a part of the work.
    """
    system = (SystemOnAws if request.param == "on aws" else System)(
        apis=len(APIS),
        settings={
            "FINCORE_FAILPOINTS": "allowed",
            "FINCORE_WEBHOOKS_ALLOW_LOOPBACK": "true",
            "FINCORE_WORKER_HEARTBEAT_TIMEOUT_SECONDS": "1",
            **vault_settings(),
        },
        sandbox_options=("--aftermath-delay-seconds=0.5",),
    )
    try:
        system.start_stores()
        system.add_account("stripe", failovers.FIRST)
        system.add_account("stripe", failovers.SECOND)
        system.add_account("paypal", "shop", is_default=True)
        system.settings["FINCORE_SETTLEMENT_SOURCES_FILE"] = str(settlement.sources_file(system.folder))
        system.programs = (*system.programs, "reconciliation")
        system.start_roles()
        system.start("card-edge")
        yield system
    finally:
        system.stop()


@pytest.fixture
def system(mortal_system: System) -> System:
    """The same, under the name that shows its logs when a test fails."""
    return mortal_system


@pytest.mark.long
@pytest.mark.timeout(1_800)
async def test_kill_at_each_failpoint_loses_and_doubles_nothing(system: System) -> None:
    merchant = await system.add_merchant()
    enabled = ("merchant", "raw-cards", "enable", merchant.merchant_id, "--by=Ada", "--reason=SAQ D 2026")
    await asyncio.to_thread(system.printed, *enabled)
    with WebhookReceiver() as receiver:
        async with Shop(system, merchant.api_key) as shop:
            endpoint = await shop.operate("/v1/webhook_endpoints", {"url": receiver.url})
            scenes, endings = await walk(system, shop, merchant)
            for kind in ("attempt.reverse", "charge.review"):
                let_time_pass(system, kind)
            system.mend(timeout_seconds=SETTLE_TIMEOUT_SECONDS)
            await assert_each_ended_well(system, shop, merchant, endings)
            await assert_each_repetition_gets_its_answer(shop, scenes)
            assert_told_of_everything(system, receiver, endpoint.json["secret"])
    invariants = await asyncio.to_thread(system.fincore, "check")
    assert invariants.code == 0, invariants.stdout
    deaths = walked(on_aws=isinstance(system, SystemOnAws))
    print(f"died {deaths.total()} times at {len(deaths)} failpoints in {len(endings)} stories")  # noqa: T201 -- with -s


async def walk(system: System, shop: Shop, merchant: Merchant) -> tuple[list[Scene], dict[str, Ending]]:
    """Every step: its scenario begins, its processes die and are started again. Scenarios end in their own time."""
    scenes: list[Scene] = []
    stories: dict[str, asyncio.Task[Ending]] = {}
    async with asyncio.TaskGroup() as under_way:
        for step in steps(on_aws=isinstance(system, SystemOnAws)):
            scene = Scene(system, shop, merchant.merchant_id, step.doomed)
            story = under_way.create_task(told(step, scene), name=step.name)
            scenes.append(scene)
            stories[step.name] = story
            await scene.armed.wait()
            await asyncio.gather(
                *(die_and_rise(system, role) for role in step.doomed if role in system.programs)
            )
            if step.way.is_alone:
                await story
    return scenes, {name: story.result() for name, story in stories.items()}


async def told(step: Step, scene: Scene) -> Ending:
    """The ending of a scenario; one that fails is named."""
    try:
        return await step.way.story(scene)
    except Exception as error:
        error.add_note(f"in the story {step.name}")
        raise


async def die_and_rise(system: System, role: str) -> None:
    """Wait for a role to be killed, and start it again."""
    await asyncio.to_thread(system.until_died, role)
    system.launch(role)


# What must be true afterwards


async def assert_each_ended_well(
    system: System, shop: Shop, merchant: Merchant, endings: Mapping[str, Ending]
) -> None:
    """Every charge is as its scenario should leave it, all records agree, and the PSPs' balances are ours."""
    charges = await assert_all_agree(system, shop, merchant)
    sessions = await all_sessions(shop)
    found = {name: ending_found(ending, charges, sessions) for name, ending in endings.items()}
    assert found == endings
    assert len(charges) == sum(1 + len(ending.others) for ending in endings.values())
    assert len(sessions) == sum(ending.session is not None for ending in endings.values())
    held = system.rows(
        "select entrypoint, headers ->> 'held_reason' from queue.pgqueuer where status = 'failed'"
    )
    assert held == []
    let_time_pass(system, "charge.follow")
    with contextlib.suppress(InstallationFailed):
        await asyncio.to_thread(
            system.until,
            "each clearing account is its PSP's balance",
            lambda: clearing_minor(system) == balance_minor(system),
        )
    assert clearing_minor(system) == balance_minor(system)


async def all_sessions(shop: Shop) -> Mapping[str, SessionEnding]:
    """How every checkout session of the merchant has ended, by id."""
    reply = await shop.request("GET", "/v1/checkout_sessions?limit=100")
    assert (reply.status, reply.json["has_more"]) == (200, False), reply
    return {
        one["id"]: SessionEnding(one["id"], one["status"], one["charge_id"]) for one in reply.json["data"]
    }


def ending_found(
    expected: Ending, charges: Mapping[str, Charge], sessions: Mapping[str, SessionEnding]
) -> Ending:
    """How that has ended of which this ending was expected."""
    charge = charges[expected.charge_id]
    return Ending(
        charge_id=charge["id"],
        status=charge["status"],
        captured_minor=charge["amount_captured_minor"],
        refunded_minor=charge["amount_refunded_minor"],
        disputes=tuple(dispute["status"] for dispute in charge["disputes"]),
        attempts=tuple(attempt["status"] for attempt in charge.get("attempts", ())),
        fraud_warnings=tuple(warning["is_actionable"] for warning in charge["fraud_warnings"]),
        session=sessions[expected.session.session_id] if expected.session else None,
        others=tuple(ending_found(other, charges, sessions) for other in expected.others),
    )


def clearing_minor(system: System) -> dict[str, int]:
    """What the ledger says the PSPs hold for us, by account, where it is anything."""
    rows = system.rows(
        "select split_part(name, ':', 2) || ':' || split_part(name, ':', 3), balance_minor "
        "from ledgerdb.accounts where name like 'psp:%:clearing:usd'"
    )
    return {str(account): int(minor) for account, minor in rows if minor}


def balance_minor(system: System) -> dict[str, int]:
    """What the PSPs say they hold for us, by account, where it is anything."""
    balances = {"stripe:test": stripe_balance_minor(system, system.stripe_key)}
    for account in system.accounts:
        balances[f"{account.psp}:{account.name}"] = (
            stripe_balance_minor(system, account.secrets["secret_key"])
            if account.psp == "stripe"
            else paypal_balance_minor(system, account)
        )
    return {account: minor for account, minor in balances.items() if minor}


def stripe_balance_minor(system: System, key: str) -> int:
    balance = system.stripe_shows("/v1/balance", key=key)
    return sum(int(part["amount"]) for kind in ("available", "pending") for part in balance[kind])


def paypal_balance_minor(system: System, account: SandboxAccount) -> int:
    """What the captures brought, less what disputes have put aside or taken."""
    paypal = PayPalClient(account.sandbox_url, account.secrets["client_id"], account.secrets["client_secret"])
    brought = [
        paypal.get(f"/v2/payments/captures/{row['id']}")["seller_receivable_breakdown"]["net_amount"]["value"]
        for row in rows_at_psp(system, "paypal/captures")
    ]
    gone = [
        int(row["held_minor"] + row["taken_minor"] + row["fee_minor"])
        for row in rows_at_psp(system, "paypal/disputes")
    ]
    assert rows_at_psp(system, "paypal/refunds") == []
    return int(sum(map(Decimal, brought)) * 100) - sum(gone)


async def assert_each_repetition_gets_its_answer(shop: Shop, scenes: list[Scene]) -> None:
    """Every request gets the answer it got, byte for byte, from every process of the API."""
    for asked in (asked for scene in scenes for asked in scene.asked):
        for api in APIS:
            again = await shop.operate(asked.path, asked.body, api=api, key=asked.key)
            assert (again.status, again.body) == (asked.reply.status, asked.reply.body), asked
            assert again.headers["Idempotent-Replayed"] == "true"


def assert_told_of_everything(system: System, receiver: WebhookReceiver, secret: str) -> None:
    """The merchant was sent every event in the log that concerns it, signed, and each under one id and in the same words."""
    system.until(
        "every webhook was delivered",
        lambda: not system.rows("select from notify.deliveries where status <> 'delivered' limit 1"),
        timeout_seconds=SETTLE_TIMEOUT_SECONDS,
    )
    told: dict[str, set[tuple[str, bytes]]] = defaultdict(set)
    for received in receiver.take(receiver.waiting()):
        assert is_signed(received, secret)
        event_id = json.loads(received.body)["data"]["event_id"]
        told[event_id].add((received.headers["webhook-id"], received.body))
    ((events,),) = system.rows(
        "select array_agg(event_id) from eventstore.events "
        "where not starts_with(type, 'checkout_session.') or type = any(%s)",
        list(SESSION_MEANINGS),
    )
    assert told.keys() == {public_event_id(event_id) for event_id in events}
    assert {event_id: len(ways) for event_id, ways in told.items() if len(ways) != 1} == {}


def is_signed(received: Received, secret: str) -> bool:
    """Whether a webhook carries a signature made with the secret, at the time it says."""
    at = datetime.fromtimestamp(int(received.headers["webhook-timestamp"]), UTC)
    signature = Webhook(secret).sign(received.headers["webhook-id"], at, received.body.decode())
    return signature in received.headers["webhook-signature"].split(" ")
