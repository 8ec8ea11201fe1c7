"""kill -9 before and after every commit and every call, one place after the other: nothing is lost, nothing is doubled.

Each place has a scenario that reaches it. The process that does is killed there and started again; the scenario goes on, and
so does the walk. In the end each scenario must have ended as it should, and all records must agree.
"""

import asyncio
import contextlib
import itertools
import json
import signal
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import uuid4

import aiohttp
import pytest
from harness.installation import Merchant
from standardwebhooks.webhooks import Webhook
from stripe import WebhookSignature

from fincore.backoffice import unknown_outcomes
from fincore.bootstrap.operator_stores import operator_stores
from fincore.domain.ids import public_event_id
from fincore.domain.resolution import Resolution
from fincore.observability.failpoints import FAILPOINTS
from fixtures.agreement import assert_all_agree, rows_at_psp
from fixtures.shop import Charge, Reply, Shop
from fixtures.system import System, running_system
from fixtures.webhook_receiver import Received, WebhookReceiver

AMOUNT_MINOR: Final = 1_000
PART_MINOR: Final = 400
WAIT_SECONDS: Final = 1
ANSWER_TIMEOUT_SECONDS: Final = 90.0
"""How long a back end repeats one request: several processes die meanwhile."""
SETTLE_TIMEOUT_SECONDS: Final = 120.0
"""A delivery that a process took to its grave is taken up again after a minute."""
POLL_SECONDS: Final = 0.05
APIS: Final = (1, 2)
"""The first is killed; a client that gets no answer from it asks the second."""
ANOTHER_ACCOUNT: Final = "sk_test_of_another_account"


class Asked(NamedTuple):
    """A request that was answered in the end, and its answer."""

    path: str
    body: Mapping[str, object] | None
    key: str
    reply: Reply


class Ending(NamedTuple):
    """How the charge of a scenario must end."""

    charge_id: str
    status: str
    captured_minor: int = 0
    refunded_minor: int = 0
    disputes: tuple[str, ...] = ()


class Scene:
    """What a scenario works with. `place` is `before` or `after`."""

    def __init__(self, system: System, shop: Shop, doomed: Mapping[str, str]) -> None:
        self.system = system
        self.asked: list[Asked] = []
        self.armed = asyncio.Event()
        self._shop = shop
        self._doomed = doomed

    @property
    def place(self) -> str:
        """Whether the process is killed before or after the step."""
        return next(iter(self._doomed.values())).rpartition(".")[2]

    async def arm(self) -> None:
        """From here on the processes of this step die where they are to die."""
        for role, failpoint in self._doomed.items():
            if role in self.system.programs:
                await asyncio.to_thread(self.system.arm, role, failpoint)
        self.armed.set()

    async def ask(self, path: str, body: Mapping[str, object] | None = None, *, wait_seconds: int = 0) -> Any:
        """Ask for something to be done, under one key again and again, until there is an answer."""
        key = str(uuid4())
        async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
            while True:
                for api in APIS:
                    reply = await self._sent(path, body, api, key, wait_seconds)
                    if reply is not None and not is_to_be_repeated(reply):
                        assert reply.status < 300, reply
                        self.asked.append(Asked(path, body, key, reply))
                        return reply.json
                await asyncio.sleep(POLL_SECONDS)

    async def charge(self, payment_method: str = "pm_card_visa", **fields: object) -> Charge:
        """A charge that was accepted."""
        body = {"amount_minor": AMOUNT_MINOR, "currency": "usd", "payment_method": payment_method} | fields
        accepted: Charge = await self.ask("/v1/charges", body)
        return accepted

    async def charged(self, status: str, payment_method: str = "pm_card_visa", **fields: object) -> Charge:
        """A charge once it has come to a status."""
        accepted = await self.charge(payment_method, **fields)
        return await self.until(accepted, lambda charge: charge["status"] == status)

    async def until(self, charge: Charge, is_so: Callable[[Charge], bool]) -> Charge:
        """The charge once something is so of it."""
        async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
            while not is_so(found := await self.now(charge)):
                await asyncio.sleep(POLL_SECONDS)
        return found

    async def now(self, charge: Charge) -> Charge:
        """The charge as it is now."""
        reply = await self._shop.request("GET", f"/v1/charges/{charge['id']}", api=2)
        assert reply.status == 200, reply
        found: Charge = reply.json
        return found

    def at_psp(self, path: str) -> dict[str, Any]:
        """Let something happen at the PSP."""
        return self.system.sandbox.call("POST", f"/sandbox/{path}")

    def lose_answer(self, charge: Charge, operation: str, *webhooks: str) -> None:
        """The PSP carries out the next such operation on a charge and loses its answer, and webhooks of these types."""
        about = {"fincore_charge_id": charge["id"]}
        self.system.sandbox.add_fault(
            "timeout_after_apply", seconds=0.1, match={"operation": operation, "metadata": about}
        )
        for event_type in webhooks:
            self.system.sandbox.add_fault("webhook_drop", match={"event_type": event_type, "metadata": about})

    async def _sent(
        self, path: str, body: Mapping[str, object] | None, api: int, key: str, wait_seconds: int
    ) -> Reply | None:
        try:
            return await self._shop.operate(path, body, api=api, key=key, wait_seconds=wait_seconds)
        except (aiohttp.ClientError, OSError):
            return None


Story = Callable[[Scene], Awaitable[Ending]]


def is_to_be_repeated(reply: Reply) -> bool:
    """Whether an answer asks for the same request again."""
    return reply.status >= 500 or (reply.status == 409 and reply.json["code"] == "idempotency_key_in_use")


# Scenarios about a payment


async def pay(scene: Scene) -> Ending:
    await scene.arm()
    charge = await scene.charge()
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def pay_without_receipt(scene: Scene) -> Ending:
    """Stripe does not write to the customer's address."""
    await scene.arm()
    charge = await scene.charge(customer_email="ada@example..com")
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def pay_and_wait(scene: Scene) -> Ending:
    await scene.arm()
    body = {"amount_minor": AMOUNT_MINOR, "currency": "usd", "payment_method": "pm_card_visa"}
    charge = await scene.ask("/v1/charges", body, wait_seconds=WAIT_SECONDS)
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def be_declined(scene: Scene) -> Ending:
    await scene.arm()
    charge = await scene.charge("pm_card_visa_chargeDeclined")
    return Ending(charge["id"], "failed")


async def authenticate(scene: Scene) -> Ending:
    await scene.arm()
    charge = await scene.charged(
        "requires_action", "pm_card_threeDSecure2Required", return_url="http://127.0.0.1:9/back"
    )
    await asyncio.to_thread(press_complete, charge["next_action"]["redirect_url"])
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def hold(scene: Scene) -> Ending:
    await scene.arm()
    charge = await scene.charge(capture=False)
    return Ending(charge["id"], "authorized")


async def capture(scene: Scene) -> Ending:
    charge = await scene.charged("authorized", capture=False)
    await scene.arm()
    await scene.ask(f"/v1/charges/{charge['id']}/capture", {"amount_minor": PART_MINOR})
    return Ending(charge["id"], "succeeded", captured_minor=PART_MINOR)


async def cancel(scene: Scene) -> Ending:
    charge = await scene.charged("authorized", capture=False)
    await scene.arm()
    await scene.ask(f"/v1/charges/{charge['id']}/cancel")
    return Ending(charge["id"], "canceled")


async def let_lapse(scene: Scene) -> Ending:
    charge = await scene.charged("authorized", capture=False)
    await scene.arm()
    scene.at_psp(f"payment_intents/{charge['psp_reference']}/expire")
    return Ending(charge["id"], "expired")


async def lose_the_capture(scene: Scene) -> Ending:
    charge = await scene.charged("authorized", capture=False)
    scene.lose_answer(charge, "POST payment_intents/{}/capture", "payment_intent.succeeded")
    await scene.arm()
    await scene.ask(f"/v1/charges/{charge['id']}/capture")
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def learn_the_fee_later(scene: Scene) -> Ending:
    """A webhook tells of the capture before any answer does; the fee is asked for when two minutes have passed."""
    charge = await scene.charged("authorized", capture=False)
    scene.lose_answer(charge, "POST payment_intents/{}/capture")
    await scene.ask(f"/v1/charges/{charge['id']}/capture")
    await scene.until(charge, lambda now: now["status"] == "succeeded")
    await scene.arm()
    let_time_pass(scene.system)
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def be_paid_after_all(scene: Scene) -> Ending:
    """A payment that FinCore has as failed is paid at the PSP: its record is read, and counts."""
    charge = await scene.charged("failed", "pm_card_visa_chargeDeclined")
    await scene.arm()
    scene.system.stripe(
        f"/v1/payment_intents/{charge['psp_reference']}/confirm", payment_method="pm_card_visa"
    )
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


# Scenarios about refunds


async def give_back(scene: Scene) -> Ending:
    charge = await scene.charged("succeeded")
    await scene.arm()
    await scene.ask("/v1/refunds", {"charge": charge["id"], "amount_minor": PART_MINOR})
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, PART_MINOR)


async def give_back_later(scene: Scene) -> Ending:
    charge = await scene.charged("succeeded", "pm_card_pendingRefund")
    await scene.arm()
    await scene.ask("/v1/refunds", {"charge": charge["id"], "amount_minor": PART_MINOR})
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, PART_MINOR)


async def give_back_in_vain(scene: Scene) -> Ending:
    charge = await scene.charged("succeeded", "pm_card_refundFail")
    await scene.arm()
    await scene.ask("/v1/refunds", {"charge": charge["id"], "amount_minor": PART_MINOR})
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR)


async def lose_the_refund(scene: Scene) -> Ending:
    charge = await scene.charged("succeeded")
    scene.lose_answer(charge, "POST refunds", "refund.created", "charge.refunded")
    await scene.arm()
    await scene.ask("/v1/refunds", {"charge": charge["id"], "amount_minor": PART_MINOR})
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, PART_MINOR)


# Scenarios about disputes


async def be_disputed(scene: Scene) -> Ending:
    charge = await scene.charged("succeeded")
    await scene.arm()
    scene.at_psp(f"payment_intents/{charge['psp_reference']}/dispute")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("needs_response",))


async def answer_the_dispute(scene: Scene) -> Ending:
    charge, dispute_id = await disputed(scene)
    await scene.arm()
    scene.at_psp(f"disputes/{dispute_id}/submit")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("under_review",))


async def get_the_money_back(scene: Scene) -> Ending:
    charge, dispute_id = await disputed(scene)
    await scene.arm()
    scene.at_psp(f"disputes/{dispute_id}/reinstate_funds")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("needs_response",))


async def win_the_dispute(scene: Scene) -> Ending:
    charge, dispute_id = await disputed(scene)
    scene.at_psp(f"disputes/{dispute_id}/reinstate_funds")
    await scene.until(charge, lambda now: now["disputes"][0]["amount_reinstated_minor"] > 0)
    await scene.arm()
    scene.at_psp(f"disputes/{dispute_id}/win")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("won",))


async def lose_the_dispute(scene: Scene) -> Ending:
    charge, dispute_id = await disputed(scene)
    await scene.arm()
    scene.at_psp(f"disputes/{dispute_id}/lose")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("lost",))


async def be_asked_and_then_disputed(scene: Scene) -> Ending:
    charge, dispute_id = await disputed(scene, "pm_card_createDisputeInquiry")
    await scene.arm()
    scene.at_psp(f"disputes/{dispute_id}/escalate")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("needs_response",))


async def be_asked_and_no_more(scene: Scene) -> Ending:
    charge, dispute_id = await disputed(scene, "pm_card_createDisputeInquiry")
    await scene.arm()
    scene.at_psp(f"disputes/{dispute_id}/close_inquiry")
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("closed",))


async def disputed(scene: Scene, payment_method: str = "pm_card_createDispute") -> tuple[Charge, str]:
    """A charge, and the PSP's id of the dispute about it, once FinCore knows of it."""
    accepted = await scene.charge(payment_method)
    charge = await scene.until(accepted, lambda now: bool(now["disputes"]))
    return charge, charge["disputes"][0]["psp_reference"]


# Scenarios that need the installation to themselves


async def be_refused_the_capture(scene: Scene) -> Ending:
    """The worker is given the key of another account, in which there is no such payment, and then the right one."""
    charge = await scene.charged("authorized", capture=False)
    await swap_worker(scene, {"FINCORE_STRIPE_TEST_SECRET_KEY": ANOTHER_ACCOUNT})
    await scene.arm()
    await scene.ask(f"/v1/charges/{charge['id']}/capture")
    if scene.place == "before":
        return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)
    return Ending(charge["id"], "authorized")


async def be_refused_the_cancellation(scene: Scene) -> Ending:
    charge = await scene.charged("authorized", capture=False)
    await swap_worker(scene, {"FINCORE_STRIPE_TEST_SECRET_KEY": ANOTHER_ACCOUNT})
    await scene.arm()
    await scene.ask(f"/v1/charges/{charge['id']}/cancel")
    return Ending(charge["id"], "canceled" if scene.place == "before" else "authorized")


async def be_decided_by_a_person(scene: Scene) -> Ending:
    charge = await scene.charged("authorized", capture=False)
    scene.lose_answer(charge, "POST payment_intents/{}/capture", "payment_intent.succeeded")
    let_nobody_find_out(scene)
    await scene.ask(f"/v1/charges/{charge['id']}/capture")
    await scene.until(charge, lambda now: now["outcome_unknown_since"] is not None)
    scene.system.kill("worker")
    scene.system.sandbox.clear_faults()
    verdict = ("charges", "resolve", charge["id"], "captured", "--reason", "seen at the PSP", "--by", "ada")
    await scene.arm()
    died = await asyncio.to_thread(
        scene.system.fincore_dying_at, f"commit.charge.outcome_decided.{scene.place}", *verdict
    )
    assert died.code == -signal.SIGKILL, died
    again = await asyncio.to_thread(scene.system.fincore, *verdict)
    assert again.code == (0 if scene.place == "before" else 1), again
    scene.system.launch("worker")
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def be_given_back_after_all(scene: Scene) -> Ending:
    """A person took a refund for failed, and the PSP tells of it again: its record is read, and counts."""
    charge = await scene.charged("succeeded")
    scene.lose_answer(charge, "POST refunds", "refund.created")
    let_nobody_find_out(scene)
    refund = await scene.ask("/v1/refunds", {"charge": charge["id"], "amount_minor": PART_MINOR})
    await scene.until(charge, lambda now: now["refunds"][0]["outcome_unknown_since"] is not None)
    scene.system.kill("worker")
    scene.system.sandbox.clear_faults()
    async with operator_stores(scene.system.databases, "eventstore") as stores:
        await unknown_outcomes.resolve_refund(
            stores.resolver,
            charge["id"],
            refund["id"],
            "failed",
            Resolution(decided_by="ada", reason="mistaken"),
        )
    scene.system.launch("worker")
    await scene.arm()
    (at_psp,) = (
        row["id"]
        for row in rows_at_psp(scene.system, "refunds")
        if row["metadata"].get("fincore_refund_id") == refund["id"]
    )
    scene.system.stripe(f"/v1/refunds/{at_psp}", **{"metadata[seen]": "again"})
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, PART_MINOR)


async def be_disputed_before_it_is_known(scene: Scene) -> Ending:
    """The bank disputes a payment that the log cannot name yet: the PSP is asked which charge it is."""
    scene.system.sandbox.add_fault(
        "timeout_after_apply", seconds=0.1, match={"operation": "POST payment_intents"}
    )
    scene.system.sandbox.add_fault("webhook_drop", match={"event_type": "payment_intent.succeeded"})
    let_nobody_find_out(scene)
    scene.system.sandbox.add_fault(
        "rate_limited_429", count=1_000, match={"operation": "POST payment_intents"}
    )
    charge = await scene.charge()
    await scene.until(charge, lambda now: now["outcome_unknown_since"] is not None)
    (reference,) = (
        row["id"]
        for row in rows_at_psp(scene.system, "payment_intents")
        if row["metadata"].get("fincore_charge_id") == charge["id"]
    )
    worker = scene.system.pid("worker")
    await scene.arm()
    scene.at_psp(f"payment_intents/{reference}/dispute")
    while not scene.system.is_running("worker") or scene.system.pid("worker") == worker:
        await asyncio.sleep(POLL_SECONDS)
    scene.system.sandbox.clear_faults()
    # Else the repetition of its call would meet the fault that the next scenario has for its own.
    await scene.until(charge, lambda now: now["outcome_unknown_since"] is None)
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, disputes=("needs_response",))


async def be_told_of_an_unknown_status(scene: Scene) -> Ending:
    """The PSP tells of a refund of the payment in a status that this version does not know."""
    charge = await scene.charged("succeeded")
    await scene.arm()
    await report_unreadable_refund(scene, charge)
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def be_released_by_a_person(scene: Scene) -> Ending:
    charge = await scene.charged("succeeded")
    await report_unreadable_refund(scene, charge)
    await asyncio.to_thread(
        scene.system.until,
        "the report is held",
        lambda: charge["id"] in scene.system.fincore("reports", "list").stdout,
    )
    command = ("reports", "release", "--charge", charge["id"], "--reason", "seen at the PSP", "--by", "ada")
    await scene.arm()
    died = await asyncio.to_thread(
        scene.system.fincore_dying_at, f"commit.charge.report_released.{scene.place}", *command
    )
    assert died.code == -signal.SIGKILL, died
    again = await asyncio.to_thread(scene.system.fincore, *command)
    assert again.code == (0 if scene.place == "before" else 1), again
    return Ending(charge["id"], "succeeded", captured_minor=AMOUNT_MINOR)


async def report_unreadable_refund(scene: Scene, charge: Charge) -> None:
    """A webhook with the PSP's signature, delivered until it is taken."""
    refund = {
        "object": "refund",
        "id": f"re_{uuid4().hex}",
        "amount": PART_MINOR,
        "currency": "usd",
        "created": int(time.time()),
        "status": "blessed",
        "payment_intent": charge["psp_reference"],
        "balance_transaction": None,
        "metadata": {},
    }
    event = {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "type": "refund.updated",
        "livemode": False,
        "created": int(time.time()),
        "data": {"object": refund},
    }
    body = json.dumps(event)
    header = WebhookSignature.generate_signature_header(body, scene.system.webhook_secret, int(time.time()))
    url = f"{scene.system.api_url(2)}/webhooks/stripe/test"
    async with (
        aiohttp.ClientSession() as psp,
        psp.post(url, data=body, headers={"Stripe-Signature": str(header)}) as answer,
    ):
        answer.raise_for_status()


async def swap_worker(scene: Scene, settings: Mapping[str, str]) -> None:
    """Another worker with settings of its own, once nothing is left for the one before to do."""
    await asyncio.to_thread(scene.system.until_idle)
    scene.system.kill("worker")
    scene.system.launch("worker", settings)


def let_nobody_find_out(scene: Scene) -> None:
    """The PSP turns every inquiry and every repetition away."""
    scene.system.sandbox.add_fault("rate_limited_429", count=1_000, match={"method": "GET"})
    for operation in ("POST payment_intents/{}/capture", "POST refunds"):
        scene.system.sandbox.add_fault("rate_limited_429", count=1_000, match={"operation": operation})


def press_complete(url: str) -> None:
    """The customer authenticates on the page of the bank, and is not sent back anywhere."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_args: Any) -> None:
            return None

    request = urllib.request.Request(url, data=b"action=complete")  # noqa: S310 -- our own sandbox
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.build_opener(Stay).open(request, timeout=10).close()


# The walk


class Way(NamedTuple):
    """Which role reaches a place, and in which scenario. `is_alone`: no other scenario may be under way."""

    role: str
    story: Story
    is_alone: bool = False


WAYS: Final[Mapping[str, Way]] = {
    "commit.charge.capture_failed": Way("worker", be_refused_the_capture, is_alone=True),
    "commit.charge.cancel_failed": Way("worker", be_refused_the_cancellation, is_alone=True),
    "commit.charge.outcome_decided": Way("operator", be_decided_by_a_person, is_alone=True),
    "commit.refund.corrected": Way("worker", be_given_back_after_all, is_alone=True),
    "psp.authorize": Way("worker", pay),
    "psp.capture": Way("worker", capture),
    "psp.cancel": Way("worker", cancel),
    "psp.refund": Way("worker", give_back),
    "psp.inquire": Way("worker", lose_the_capture),
    "psp.inquire_refund": Way("worker", lose_the_refund),
    "psp.charge_of": Way("worker", be_disputed_before_it_is_known, is_alone=True),
    "commit.charge.created": Way("api", pay),
    "commit.charge.authorized": Way("worker", hold),
    "commit.charge.captured": Way("worker", pay),
    "commit.charge.receipt_omitted": Way("worker", pay_without_receipt),
    "commit.charge.failed": Way("worker", be_declined),
    "commit.charge.action_required": Way("worker", authenticate),
    "commit.charge.outcome_unknown": Way("worker", lose_the_capture),
    "commit.charge.canceled": Way("worker", cancel),
    "commit.charge.expired": Way("worker", let_lapse),
    "commit.charge.capture_requested": Way("api", capture),
    "commit.charge.cancel_requested": Way("api", cancel),
    "commit.charge.fee_assessed": Way("worker", learn_the_fee_later),
    "commit.charge.corrected": Way("worker", be_paid_after_all),
    "commit.charge.report_held": Way("worker", be_told_of_an_unknown_status),
    "commit.charge.report_released": Way("operator", be_released_by_a_person, is_alone=True),
    "commit.refund.requested": Way("api", give_back),
    "commit.refund.outcome_unknown": Way("worker", lose_the_refund),
    "commit.refund.pending": Way("worker", give_back_later),
    "commit.refund.succeeded": Way("worker", give_back),
    "commit.refund.failed": Way("worker", give_back_in_vain),
    "commit.dispute.opened": Way("worker", be_disputed),
    "commit.dispute.updated": Way("worker", answer_the_dispute),
    "commit.dispute.funds_withdrawn": Way("worker", be_asked_and_then_disputed),
    "commit.dispute.funds_reinstated": Way("worker", get_the_money_back),
    "commit.dispute.won": Way("worker", win_the_dispute),
    "commit.dispute.lost": Way("worker", lose_the_dispute),
    "commit.dispute.closed": Way("worker", be_asked_and_no_more),
    "commit.webhook": Way("api", pay),
    "commit.response": Way("api", pay_and_wait),
    "effects.projectionist": Way("projectionist", pay),
    "effects.ledger": Way("ledger", pay),
    "effects.notify": Way("notify", pay),
    "delivery": Way("notify", pay),
}
"""A place, without `before` and `after` -> how it is come to."""

_ONE_ACCOUNT: Final = "this installation has one account of one PSP; `tests/simulation/test_failover.py` dies between any two steps of it"
_NO_WALLET: Final = (
    "Stripe takes the money by itself once its customer has acted; the same simulation completes orders"
)
_NO_HOLD: Final = "Stripe withdraws what is disputed at once, and puts nothing aside"
UNREACHED: Final[Mapping[str, str]] = {
    "psp.complete": _NO_WALLET,
    "psp.inquire_dispute": "Stripe's events hold the dispute, so that the worker asks for none",
    "commit.charge.customer_approved": _NO_WALLET,
    "commit.charge.pending": _NO_WALLET,
    "commit.charge.rerouted": _ONE_ACCOUNT,
    "commit.charge.attempt_captured": _ONE_ACCOUNT,
    "commit.charge.attempt_authorized": _ONE_ACCOUNT,
    "commit.charge.attempt_reversed": _ONE_ACCOUNT,
    "commit.charge.attempt_released": _ONE_ACCOUNT,
    "commit.charge.attempt_reversal_failed": _ONE_ACCOUNT,
    "commit.dispute.funds_held": _NO_HOLD,
    "commit.dispute.funds_released": _NO_HOLD,
}
"""A place that no scenario reaches -> why not."""


class Step(NamedTuple):
    """One scenario, and where the processes that carry it out are killed: the name of a failpoint for each role."""

    way: Way
    doomed: Mapping[str, str]

    @property
    def name(self) -> str:
        """The step in words."""
        return f"{self.way.story.__name__}, dying at {', '.join(self.doomed.values())}"


def steps() -> list[Step]:
    """Every failpoint once; in the same scenario, one of each role is killed in the same step."""
    by_story: dict[Story, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for where, way in WAYS.items():
        by_story[way.story][way.role] += [f"{where}.before", f"{where}.after"]
    found: list[Step] = []
    for way in dict.fromkeys(WAYS.values()):
        roles = by_story.pop(way.story, {})
        for names in itertools.zip_longest(*roles.values()):
            doomed = {role: name for role, name in zip(roles, names, strict=True) if name}
            found.append(Step(way, doomed))
    return sorted(found, key=lambda step: not step.way.is_alone)


def test_every_failpoint_is_walked_or_its_absence_explained() -> None:
    walked = Counter(name for step in steps() for name in step.doomed.values())
    explained = Counter(f"{where}.{place}" for where in UNREACHED for place in ("before", "after"))
    assert walked + explained == Counter(FAILPOINTS)


@pytest.fixture(scope="module")
def mortal_system() -> Iterator[System]:
    """A system with processes that can be killed at a place."""
    with running_system(
        apis=len(APIS),
        settings={
            "FINCORE_FAILPOINTS": "allowed",
            "FINCORE_WEBHOOKS_ALLOW_LOOPBACK": "true",
            "FINCORE_WORKER_HEARTBEAT_TIMEOUT_SECONDS": "1",
        },
        sandbox_options=("--aftermath-delay-seconds=0.5",),
    ) as system:
        yield system


@pytest.fixture
def system(mortal_system: System) -> System:
    """The same, under the name that shows its logs when a test fails."""
    return mortal_system


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_kill_at_each_failpoint_loses_and_doubles_nothing(system: System) -> None:
    merchant = await system.add_merchant()
    with WebhookReceiver() as receiver:
        async with Shop(system, merchant.api_key) as shop:
            endpoint = await shop.operate("/v1/webhook_endpoints", {"url": receiver.url})
            scenes, endings = await walk(system, shop)
            system.mend(timeout_seconds=SETTLE_TIMEOUT_SECONDS)
            await assert_each_ended_well(system, shop, merchant, endings)
            await assert_each_repetition_gets_its_answer(shop, scenes)
            assert_told_of_everything(system, receiver, endpoint.json["secret"])
    invariants = await asyncio.to_thread(system.fincore, "check")
    assert invariants.code == 0, invariants.stdout
    deaths = sum(len(step.doomed) for step in steps())
    print(f"walked {deaths} of {len(FAILPOINTS)} failpoints in {len(endings)} stories")  # noqa: T201 -- with -s


async def walk(system: System, shop: Shop) -> tuple[list[Scene], dict[str, Ending]]:
    """Every step: its scenario begins, its processes die and are started again. Scenarios end in their own time."""
    scenes: list[Scene] = []
    stories: dict[str, asyncio.Task[Ending]] = {}
    async with asyncio.TaskGroup() as under_way:
        for step in steps():
            scene = Scene(system, shop, step.doomed)
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
    """Every charge is as its scenario should leave it, all records agree, and the PSP's balance is ours."""
    charges = await assert_all_agree(system, shop, merchant)
    found = {
        name: Ending(
            charge_id=charge["id"],
            status=charge["status"],
            captured_minor=charge["amount_captured_minor"],
            refunded_minor=charge["amount_refunded_minor"],
            disputes=tuple(dispute["status"] for dispute in charge["disputes"]),
        )
        for name, charge in ((name, charges[ending.charge_id]) for name, ending in endings.items())
    }
    assert found == endings
    assert len(charges) == len(endings)
    held = system.rows(
        "select entrypoint, headers ->> 'held_reason' from queue.pgqueuer where status = 'failed'"
    )
    assert held == []
    let_time_pass(system)
    await asyncio.to_thread(
        system.until,
        "the clearing account is the PSP's balance",
        lambda: clearing_minor(system) == balance_minor(system),
    )


def let_time_pass(system: System) -> None:
    """All polls that wait for a later time are due now, such as one of a capture without a fee."""
    system.execute("update queue.pgqueuer set execute_after = now() where entrypoint = 'charge.follow'")


def clearing_minor(system: System) -> int:
    """What the ledger says the PSP holds for us."""
    ((minor,),) = system.rows(
        "select sum(balance_minor)::bigint from ledgerdb.accounts where name = 'psp:stripe:test:clearing:usd'"
    )
    return int(minor)


def balance_minor(system: System) -> int:
    """What the PSP says it holds for us."""
    balance = system.stripe_shows("/v1/balance")
    return sum(part["amount"] for kind in ("available", "pending") for part in balance[kind])


async def assert_each_repetition_gets_its_answer(shop: Shop, scenes: list[Scene]) -> None:
    """Every request gets the answer it got, byte for byte, from every process of the API."""
    for asked in (asked for scene in scenes for asked in scene.asked):
        for api in APIS:
            again = await shop.operate(asked.path, asked.body, api=api, key=asked.key)
            assert (again.status, again.body) == (asked.reply.status, asked.reply.body), asked
            assert again.headers["Idempotent-Replayed"] == "true"


def assert_told_of_everything(system: System, receiver: WebhookReceiver, secret: str) -> None:
    """The merchant was sent every event in the log, signed, and each under one id and in the same words."""
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
    ((events,),) = system.rows("select array_agg(event_id) from eventstore.events")
    assert told.keys() == {public_event_id(event_id) for event_id in events}
    assert {event_id: len(ways) for event_id, ways in told.items() if len(ways) != 1} == {}


def is_signed(received: Received, secret: str) -> bool:
    """Whether a webhook carries a signature made with the secret, at the time it says."""
    at = datetime.fromtimestamp(int(received.headers["webhook-timestamp"]), UTC)
    signature = Webhook(secret).sign(received.headers["webhook-id"], at, received.body.decode())
    return signature in received.headers["webhook-signature"].split(" ")
