"""What has gone wrong with other people's money in other payment systems, and does not go wrong here.

One scenario a bug, named by what goes wrong there; the table says where it was reported. Each runs against two
instances of the API, a worker, a real queue and a real log, and a PSP that does as it is told.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
import pytest
from standardwebhooks import Webhook
from stripe import WebhookSignature

from fincore.backoffice.held_reports import NotReleased, Selection, list_held, read_again, release
from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operator_stores import operator_stores
from fincore.domain.charge import Charge
from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, WebhookDeliveryId, new_charge_id
from fincore.domain.money import Money
from fincore.domain.outcome import (
    Approved,
    DisputeMovements,
    DisputeReport,
    Expired,
    Failure,
    PspReference,
    RefundReport,
    Rejected,
    Retryable,
)
from fincore.domain.secret import Secret
from fincore.notify.webhook_secret import signed_headers
from fincore.postgres.pool import Pool
from fincore.write.psp.inbox import WebhookInbox
from fincore.write.psp.port import SignatureRefused
from fincore.write.psp.stripe.account import StripeWebhookEndpoint
from fincore.write.psp.stripe.mapping import outcome_of
from fincore.write.psp.stripe.response import Response
from fincore.write.psp.stripe.webhooks import StripeWebhooks
from fincore.write.psp.stripe.wire import PaymentIntent, StripeError
from fixtures.merchant_api import Api, Reply, serving_api
from fixtures.scripted_psp import (
    NOON,
    STRIPE,
    TEST_ACCOUNT,
    Line,
    ScriptedPsp,
    SteppedClock,
    Told,
    decline,
    lost_after,
    lost_before,
    require_action,
)
from fixtures.waiting import eventually, happens
from fixtures.worker_harness import WorkerHarness, open_harness

USD: Final = Currency("usd")


class Scene(NamedTuple):
    """Two instances of the API over one database, a worker beside them, and the PSP behind it."""

    one: Api
    two: Api
    harness: WorkerHarness
    psp: ScriptedPsp

    async def charge(self, key: str = "order-1", **fields: object) -> ChargeId:
        """A charge of ten dollars, settled."""
        reply = await self.one.charge(key, **({"amount_minor": 1000} | fields))  # type: ignore[arg-type]
        assert reply.status == 201
        await self.harness.idle()
        return ChargeId(reply.json()["id"])

    async def post(self, api: Api, path: str, key: str, body: dict[str, object] | None = None) -> Reply:
        """A request of the one merchant, at either instance."""
        return await api.post(path, key, body, key=self.one.key)

    async def refund(self, api: Api, charge_id: str, key: str, amount_minor: int | None = None) -> Reply:
        """A refund asked for at either instance."""
        body: dict[str, object] = {"charge": charge_id}
        if amount_minor is not None:
            body["amount_minor"] = amount_minor
        return await self.post(api, "/v1/refunds", key, body)

    async def state(self, charge_id: str) -> Charge:
        """The charge as its stream tells it."""
        return await self.harness.state(ChargeId(charge_id))


@asynccontextmanager
async def scene(pool: Pool, *script: Line, **scripts: Any) -> AsyncIterator[Scene]:
    """Everything running; the lines are what the PSP does."""
    psp = ScriptedPsp(*script, **scripts)
    async with (
        serving_api(pool) as one,
        serving_api(pool) as two,
        open_harness(pool, psp, NowClock()) as harness,
    ):
        yield Scene(one, two, harness, psp)


class NowClock(SteppedClock):
    """Begins now, as the API's clock does."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))


Story = Callable[[Pool, Databases], Awaitable[None]]


class Bug(NamedTuple):
    """What went wrong, where it was reported, and the scenario that shows that it does not here."""

    what_goes_wrong: str
    reported: str
    story: Story


BUGS: list[Bug] = []


def bug(what_goes_wrong: str, *, reported: str) -> Callable[[Story], Story]:
    """Enter a scenario into the table."""

    def enter(story: Story) -> Story:
        BUGS.append(Bug(what_goes_wrong, reported, story))
        return story

    return enter


@bug("two refunds at once pass the captured amount", reported="juspay/hyperswitch#13182")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id = await at.charge()
        replies = await asyncio.gather(
            at.refund(at.one, charge_id, "refund-1", 600), at.refund(at.two, charge_id, "refund-2", 600)
        )
        assert sorted(reply.status for reply in replies) == [201, 422]
        await at.harness.idle()
        assert (await at.state(charge_id)).refunded_minor == 600
        assert sum(report.money.amount_minor for report in at.psp.refunds.values()) == 600


@bug("a negative refund is taken for a valid one", reported="juspay/hyperswitch#11491, #13379")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id = await at.charge()
        for number, amount_minor in enumerate((-60, 0)):
            reply = await at.refund(at.one, charge_id, f"refund-{number}", amount_minor)
            assert reply.problem() == (422, "amount_too_small", "amount_minor")
        assert (await at.state(charge_id)).refunds == ()


@bug("a fail-over authorizes twice while the first outcome is unknown", reported="juspay/hyperswitch#14154")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool, lost_after, lost_after, lost_after) as at:
        at.psp.answers_inquiries = False
        charge_id = await at.charge()
        assert (await at.state(charge_id)).status == "succeeded"
        assert at.psp.charges_made == 1
        assert {request.idempotency_key for request in at.psp.requests} == {f"{charge_id}:authorize:1"}


@bug("a defect of the PSP's connector leaves the payment in processing", reported="juspay/hyperswitch#14154")
async def _(pool: Pool, _databases: Databases) -> None:
    def broken(_request: Any) -> Any:
        raise RuntimeError("the connector has a defect")

    async with scene(pool, broken) as at:
        charge_id = await at.charge()
        assert await at.harness.history(charge_id) == [
            "charge.created",
            "charge.outcome_unknown",
            "charge.captured",
        ]


@bug("a late status check overwrites how a payment ended", reported="juspay/hyperswitch#9926")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id = await at.charge()
        for says in ("processing", "declined", "authorized", "canceled"):
            await at.harness.tell(charge_id, says)
        await at.harness.idle()
        assert (await at.harness.history(charge_id)) == ["charge.created", "charge.captured"]


@bug("a partial capture is shown as a whole one", reported="juspay/hyperswitch#2935")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id = await at.charge(capture=False)
        await at.post(at.one, f"/v1/charges/{charge_id}/capture", "capture-1", {"amount_minor": 400})
        await at.harness.idle()
        shown = (await at.one.get(f"/v1/charges/{charge_id}")).json()
        assert (shown["status"], shown["amount_authorized_minor"], shown["amount_captured_minor"]) == (
            "succeeded",
            1000,
            400,
        )
        assert shown["amount_refundable_minor"] == 400


@bug("nobody asks again about a capture whose answer was lost", reported="juspay/hyperswitch#12255")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool, capture=[lost_after]) as at:
        charge_id = await at.charge(capture=False)
        await at.post(at.one, f"/v1/charges/{charge_id}/capture", "capture-1")
        await at.harness.idle()
        assert (await at.state(charge_id)).captured_minor == 1000


@bug("a refund after a cancellation that failed is refused", reported="juspay/hyperswitch#13853")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id = await at.charge(capture=False)
        # Staff captured it in the PSP's dashboard; the cancellation comes too late.
        at.psp.becomes(charge_id, _captured(charge_id))
        at.psp.scripts["cancel"] = deque([lost_before])
        await at.post(at.one, f"/v1/charges/{charge_id}/cancel", "cancel-1")
        await at.harness.idle()
        assert (await at.state(charge_id)).status == "succeeded"
        assert (await at.refund(at.one, charge_id, "refund-1")).status == 201
        await at.harness.idle()
        assert (await at.state(charge_id)).refunded_minor == 1000


@bug("a payment is canceled several times", reported="juspay/hyperswitch#13853")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id = await at.charge(capture=False)
        replies = await asyncio.gather(
            *(
                at.post(api, f"/v1/charges/{charge_id}/cancel", f"cancel-{number}")
                for number, api in enumerate((at.one, at.two) * 3)
            )
        )
        assert sorted(reply.status for reply in replies) == [200, *[409] * 5]
        await at.harness.idle()
        assert len(at.psp.calls) == 1


@bug("the checks of a payment stop and it stays open for ever", reported="juspay/hyperswitch#1475, #1894")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool, lost_after) as at:
        at.psp.undecided = True
        charge = (await at.one.charge("order-1", amount_minor=1000)).json()
        await eventually(partial(_inquired, at.psp, 1))
        at.harness.clock.advance(hours=25)
        await at.harness.idle()
        (letter,) = await at.harness.held()
        assert charge["id"] in letter.reason
        assert "fincore charges resolve" in letter.reason


@bug(
    "a refund learned of by webhook after a time-out lacks the PSP's reference",
    reported="juspay/hyperswitch#3751",
)
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool, refund=[lost_after] * 1000) as at:
        charge_id = await at.charge()
        at.psp.answers_inquiries = False
        refund_id = (await at.refund(at.one, charge_id, "refund-1")).json()["id"]
        await eventually(partial(_refunded, at.psp))
        (report,) = at.psp.refunds.values()
        await at.harness.deliver(Told(event_id="evt_1", says="refund", charge_id=charge_id, refund=report))
        await at.harness.idle()
        shown = (await at.two.get(f"/v1/refunds/{refund_id}", key=at.one.key)).json()
        assert (shown["status"], shown["psp_reference"]) == ("succeeded", report.psp_reference)


@bug("a call repeated without its key charges twice", reported="juspay/hyperswitch-prism error handling")
async def _(pool: Pool, _databases: Databases) -> None:
    busy = Retryable(reason="429")
    async with scene(
        pool, busy, lost_before, lost_after, capture=[busy, lost_after], refund=[lost_after]
    ) as at:
        charge_id = await at.charge(capture=False)
        await at.post(at.one, f"/v1/charges/{charge_id}/capture", "capture-1")
        await at.harness.idle()
        await at.refund(at.one, charge_id, "refund-1", 100)
        await at.harness.idle()
        keys = [call.idempotency_key for call in (*at.psp.requests, *at.psp.calls)]
        assert len(keys) > len(set(keys)) == 3
        assert at.psp.charges_made == 1
        assert len(at.psp.refunds) == 1


@bug("a dispute told twice at once is an error", reported="juspay/hyperswitch#14003, #11607, #11648")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id = await at.charge()
        said = _dispute("needs_response", withdrawn=True)
        tellings = [
            at.harness.deliver(
                Told(event_id=f"evt_{number % 4}", says="dispute", payment=f"pi_{charge_id}", dispute=said)
            )
            for number in range(8)
        ]
        results = await asyncio.gather(*tellings)
        assert results.count("accepted") == 4
        assert results.count("duplicate") == 4
        await at.harness.idle()
        assert (await at.harness.history(charge_id))[2:] == ["dispute.opened", "dispute.funds_withdrawn"]
        assert await at.harness.held() == []


@bug("funds reinstated are taken for a dispute won", reported="juspay/hyperswitch#11653, #11687")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id = await at.charge()
        said = _dispute("under_review", withdrawn=True, reinstated=True)
        await at.harness.deliver(
            Told(event_id="evt_1", says="dispute", payment=f"pi_{charge_id}", dispute=said)
        )
        await at.harness.idle()
        (dispute,) = (await at.state(charge_id)).disputes
        assert (
            dispute.status,
            dispute.moved_in(USD).withdrawn_minor,
            dispute.moved_in(USD).reinstated_minor,
        ) == (
            "under_review",
            1000,
            1000,
        )


@bug("a webhook's signature is not checked at all", reported="juspay/hyperswitch#9749")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        forged = at.harness.inbox.receive(STRIPE, TEST_ACCOUNT, {"signature": "forged"}, b"{}")
        assert await forged == SignatureRefused("mismatch")
        reply = await at.one.request("POST", "/webhooks/stripe/test", data=b"{}")
        assert reply.problem() == (400, "webhook_signature_invalid", None)


@bug(
    "webhooks to merchants are unsigned, or signed without a time",
    reported="killbill#2227, juspay/hyperswitch",
)
async def _(_pool: Pool, _databases: Databases) -> None:
    secret = Secret("whsec_" + "c2VjcmV0IG9mIDMyIGJ5dGVzIGZvciBvbmUgdGVzdCE=")
    headers = signed_headers(
        WebhookDeliveryId("msg_1"), b'{"type":"charge.captured"}', [secret], datetime.now(UTC)
    )
    Webhook(secret.reveal()).verify(b'{"type":"charge.captured"}', headers)
    old = signed_headers(WebhookDeliveryId("msg_1"), b"{}", [secret], NOON)
    with pytest.raises(Exception, match="too old"):
        Webhook(secret.reveal()).verify(b"{}", old)


@bug("one merchant reads or changes what is another's", reported="juspay/hyperswitch#11262")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id = await at.charge()
        refund_id = (await at.refund(at.one, charge_id, "refund-1", 100)).json()["id"]
        stranger = at.two
        assert (await stranger.get(f"/v1/charges/{charge_id}")).status == 404
        assert (await stranger.get(f"/v1/refunds/{refund_id}")).status == 404
        stolen = await stranger.post("/v1/refunds", "steal-1", {"charge": charge_id})
        assert stolen.status in (404, 422)
        assert (await stranger.post(f"/v1/charges/{charge_id}/capture", "steal-2")).status == 404
        assert len((await at.state(charge_id)).refunds) == 1


@bug("an unknown outcome is paid a second time", reported="killbill#1015, #639, #643")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool, lost_after) as at:
        at.psp.undecided = True
        first = await at.one.charge("order-1", amount_minor=1000)
        await eventually(partial(_inquired, at.psp, 1))
        again = await at.two.charge("order-1", amount_minor=1000, key=at.one.key)
        assert again.json()["id"] == first.json()["id"]
        assert again.headers["Idempotent-Replayed"] == "true"
        at.psp.undecided = False
        await at.harness.idle()
        assert at.psp.charges_made == 1


@bug("requests with one key race and both are carried out", reported="killbill#992, #1599, #1768")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        replies = await asyncio.gather(
            *(api.charge("order-1", amount_minor=1000, key=at.one.key) for api in (at.one, at.two) * 8)
        )
        assert {reply.status for reply in replies} == {201}
        assert len({reply.body for reply in replies}) == 1
        await at.harness.idle()
        assert at.psp.charges_made == 1


@bug("the key of a refund or capture is not kept", reported="killbill#1847")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id = await at.charge(capture=False)
        path = f"/v1/charges/{charge_id}/capture"
        first = await at.post(at.one, path, "capture-1")
        await at.harness.idle()
        again = await at.post(at.two, path, "capture-1")
        assert (again.status, again.body) == (first.status, first.body)
        refund = await at.refund(at.one, charge_id, "refund-1", 100)
        assert (await at.refund(at.two, charge_id, "refund-1", 100)).body == refund.body
        assert (await at.refund(at.two, charge_id, "refund-1", 200)).problem()[:2] == (
            422,
            "idempotency_key_reused",
        )
        assert len((await at.state(charge_id)).refunds) == 1


@bug("what the janitor found failed cannot be tried again", reported="killbill#1832")
async def _(pool: Pool, _databases: Databases) -> None:
    unreachable = Rejected(
        failure=Failure(code="psp_unavailable", message="No.", advice="retry_later"), occurred_at=NOON
    )
    async with scene(pool, capture=[lost_before, unreachable]) as at:
        charge_id = await at.charge(capture=False)
        path = f"/v1/charges/{charge_id}/capture"
        await at.post(at.one, path, "capture-1")
        await at.harness.idle()
        assert (await at.state(charge_id)).status == "authorized"
        assert (await at.post(at.one, path, "capture-2")).status == 200
        await at.harness.idle()
        assert (await at.state(charge_id)).captured_minor == 1000


@bug("a chargeback given back leaves the balance wrong", reported="killbill#877, #1755")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id = await at.charge()
        reports = [
            _dispute("needs_response", withdrawn=True),
            _dispute("won", withdrawn=True, reinstated=True),
        ]
        for number, said in enumerate(reversed(reports)):
            told = Told(event_id=f"evt_{number}", says="dispute", payment=f"pi_{charge_id}", dispute=said)
            await at.harness.deliver(told)
            await at.harness.idle()
        (dispute,) = (await at.state(charge_id)).disputes
        assert (dispute.moved_in(USD).withdrawn_minor, dispute.moved_in(USD).reinstated_minor) == (1000, 1000)
        history = await at.harness.history(charge_id)
        assert history.count("dispute.funds_withdrawn") == history.count("dispute.funds_reinstated") == 1


@bug("many requests on one payment starve each other and leak connections", reported="killbill#1555, #1554")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id = await at.charge()
        replies = await asyncio.gather(
            *(
                at.refund(api, charge_id, f"refund-{number}", 10)
                for number, api in enumerate((at.one, at.two) * 20)
            )
        )
        assert [reply.status for reply in replies] == [201] * 40

        async def all_refunded() -> bool:
            return (await at.state(charge_id)).refunded_minor == 400

        # A job that was overtaken often waits longer than `idle` looks ahead.
        await eventually(all_refunded)
        assert await pool.fetchval(_IDLE_IN_TRANSACTION) == 0


@bug("webhook and confirmation race and capture twice", reported="medusajs/medusa#13301, saleor#19220")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        called, go_on = asyncio.Event(), asyncio.Event()

        async def slow(_request: Any) -> None:
            called.set()
            await go_on.wait()

        at.psp.before_answer = slow
        charge_id = ChargeId((await at.one.charge("order-1", amount_minor=1000)).json()["id"])
        await happens(called)
        told = asyncio.create_task(at.harness.tell(charge_id, "captured"))
        go_on.set()
        await told
        await at.harness.idle()
        assert (await at.harness.history(charge_id)).count("charge.captured") == 1
        assert at.psp.charges_made == 1


@bug("a lock at the PSP is taken for a failed payment", reported="alphagov/pay-connector#3052")
async def _(_pool: Pool, _databases: Databases) -> None:
    locked: Response[PaymentIntent] = Response(
        status=429,
        body=None,
        error=StripeError(type="invalid_request_error", code="lock_timeout"),
        request_id="req_1",
        should_retry=None,
    )
    assert isinstance(outcome_of(locked, new_charge_id(), now=NOON), Retryable)


@bug("a connection is held open while the PSP is called", reported="masonx idle-in-transaction")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        called, go_on = asyncio.Event(), asyncio.Event()

        async def slow(_request: Any) -> None:
            called.set()
            await go_on.wait()

        at.psp.before_answer = slow
        await at.one.charge("order-1", amount_minor=1000)
        await happens(called)
        assert await pool.fetchval(_IDLE_IN_TRANSACTION) == 0
        go_on.set()
        await at.harness.idle()


@bug("a customer who never comes back leaves the payment open", reported="juspay/hyperswitch#3403")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool, require_action) as at:
        charge_id = await at.charge(return_url="https://shop.example/back")
        assert (await at.state(charge_id)).status == "requires_action"
        waiting = await pool.fetchval(
            "select count(*) from queue.pgqueuer where entrypoint = 'charge.follow' and status = 'queued'"
        )
        assert waiting == 1


@bug("an authorization that lapsed is captured in our books only", reported="juspay/hyperswitch#9103")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id = await at.charge(capture=False)
        lapsed = Expired(
            reason="authorization_lapsed", psp_reference=PspReference(f"pi_{charge_id}"), occurred_at=NOON
        )
        at.psp.becomes(charge_id, lapsed)
        at.psp.scripts["capture"] = deque([lost_before])
        await at.post(at.one, f"/v1/charges/{charge_id}/capture", "capture-1")
        await at.harness.idle()
        charge = await at.state(charge_id)
        assert (charge.status, charge.captured_minor) == ("expired", 0)


@bug("a decline is retried on the customer's card by the machine", reported="card networks' rules on retries")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool, decline) as at:
        charge_id = await at.charge()
        shown = (await at.one.get(f"/v1/charges/{charge_id}")).json()
        assert shown["failure"]["advice"] == "ask_customer"
        assert shown["failure"]["retryable"] is False
        assert len(at.psp.requests) == 1


@bug("a refund of another payment that carries our reference is booked", reported="pretix/pretix#343")
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id = await at.charge()
        for number, said in enumerate((_refund(), _dispute("needs_response", withdrawn=True))):
            kind = {"refund": said} if isinstance(said, RefundReport) else {"dispute": said}
            told = Told(event_id=f"evt_{number}", says="x", charge_id=charge_id, payment="pi_foreign", **kind)
            await at.harness.deliver(told)
        await at.harness.idle()
        charge = await at.state(charge_id)
        assert (charge.refunds, charge.disputes) == ((), ())
        assert [one.reason for one in charge.held_reports] == ["psp_reference_differs"] * 2


@bug(
    "a dispute or refund is of no order once the payment's metadata was edited",
    reported="woocommerce/woocommerce-gateway-stripe#3567, opengovsg/FormSG#5937",
)
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id, other = await at.charge(), await at.charge("order-2")
        payment = f"pi_{charge_id}"
        at.psp.payments[PspReference(payment)].charge_id = other
        refund = msgspec.structs.replace(_refund(), money=Money(300, USD))
        for number, claimed in enumerate((None, "nonsense", other)):
            said = msgspec.structs.replace(refund, psp_reference=PspReference(f"re_{number}"))
            told = Told(event_id=f"evt_r{number}", says="x", charge_id=claimed, payment=payment, refund=said)
            await at.harness.deliver(told)
        disputed = _dispute("needs_response", withdrawn=True)
        await at.harness.deliver(Told(event_id="evt_d", says="x", payment=payment, dispute=disputed))
        await at.harness.idle()
        charge = await at.state(charge_id)
        assert (charge.refunded_minor, len(charge.disputes), charge.held_reports) == (900, 1, ())
        assert len(await at.harness.history(other)) == 2


@bug(
    "an event of another account of the platform is believed",
    reported="stripe/sync-engine#350",
)
async def _(pool: Pool, _databases: Databases) -> None:
    async with scene(pool, lost_before, lost_before) as at:
        secret = Secret("whsec_of_the_endpoint")
        endpoint = StripeWebhookEndpoint(secrets=(secret,), expects_livemode=False)
        inbox = WebhookInbox(
            at.harness.writer, {STRIPE: StripeWebhooks({TEST_ACCOUNT: endpoint})}, at.harness.clock
        )
        event = {"id": "evt_1", "type": "payment_intent.succeeded", "livemode": False, "created": 1}
        for elsewhere in ({"account": "acct_other"}, {"context": "acct_other"}):
            body = msgspec.json.encode(event | elsewhere)
            sent_at = int(at.harness.clock.now().timestamp())
            header = WebhookSignature.generate_signature_header(body.decode(), secret.reveal(), sent_at)
            received = await inbox.receive(STRIPE, TEST_ACCOUNT, {"stripe-signature": str(header)}, body)
            assert received == SignatureRefused("other_account")
        assert await pool.fetchval("select count(*) from eventstore.inbox") == 0


@bug(
    "a dispute of a status of tomorrow is dropped, with its money",
    reported="stripe/stripe-go#2116, juspay/hyperswitch#11790",
)
async def _(pool: Pool, databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id = await at.charge()
        said = _dispute("closed", withdrawn=True, reinstated=True)
        told = Told(
            event_id="evt_1", says="x", payment=f"pi_{charge_id}", dispute=said, unreadable="a new status"
        )
        await at.harness.deliver(told)
        await at.harness.idle()
        (dispute,) = (await at.state(charge_id)).disputes
        assert dispute.moved_in(USD).withdrawn_minor == 1000
        refused = await at.refund(at.one, charge_id, "refund-1", 100)
        assert refused.problem()[:2] == (409, "charge_disputed")
        async with operator_stores(databases) as operator:
            (report,) = (await list_held(operator.eventstore, operator.jobs, limit=10)).reports
        assert (report.charge_id, report.psp_event_id, report.reason, report.detail) == (
            charge_id,
            "evt_1",
            "not_understood",
            "a new status",
        )


@bug(
    "a refund of a status of tomorrow is dropped",
    reported="alphagov/pay-connector#5011, antiwork/gumroad#5999",
)
async def _(pool: Pool, databases: Databases) -> None:
    async with scene(pool) as at:
        charge_id, other = await at.charge(), await at.charge("order-2")
        for number, of in enumerate((charge_id, other), start=1):
            report = msgspec.structs.replace(_refund(), psp_reference=PspReference(f"re_{number}"))
            told = Told(event_id=f"evt_{number}", says="x", payment=f"pi_{of}", refund=report)
            await at.harness.deliver(msgspec.structs.replace(told, unreadable="a new status"))
        await at.harness.idle()
        for of in (charge_id, other):
            assert (await at.state(of)).refunds == ()
            refused = await at.refund(at.one, of, f"refund-{of}", 100)
            assert refused.problem()[:2] == (409, "charge_report_held")

        chosen = Selection(charge_id=other)
        async with operator_stores(databases) as operator:
            doors = (operator.eventstore, operator.writer, operator.clock)
            assert len(await release(*doors, chosen, by="ada", reason="it never happened")) == 1
            with pytest.raises(NotReleased):
                await release(*doors, chosen, by="ada", reason="again")
        assert (await at.refund(at.one, other, "refund-of-other", 100)).status == 201

        await read_held_again(databases, Selection(psp_event_id="evt_1"))
        await at.harness.idle()
        assert len((await at.state(charge_id)).held_reports) == 1
        at.harness.webhooks.reads_all = True
        await read_held_again(databases, Selection(report_type="x"))
        await at.harness.idle()
        charge = await at.state(charge_id)
        assert (charge.refunded_minor, charge.held_reports) == (500, ())
        assert (await at.refund(at.one, charge_id, "refund-2", 500)).status == 201


async def read_held_again(databases: Databases, selection: Selection) -> None:
    async with operator_stores(databases) as operator:
        await read_again(operator.eventstore, operator.writer, selection)


@pytest.mark.parametrize("one", BUGS, ids=[one.what_goes_wrong.replace(" ", "-") for one in BUGS])
async def test_bug_of_other_systems_does_not_occur(one: Bug, pool: Pool, databases: Databases) -> None:
    await one.story(pool, databases)


def test_the_table_names_each_bug_once_and_where_it_was_reported() -> None:
    assert len({one.what_goes_wrong for one in BUGS}) == len(BUGS) >= 25
    assert all(one.reported for one in BUGS)


_IDLE_IN_TRANSACTION: Final = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'"


def _captured(charge_id: str) -> Approved:
    return Approved(
        kind="captured",
        money=Money(1000, USD),
        psp_reference=PspReference(f"pi_{charge_id}"),
        occurred_at=NOON,
    )


def _dispute(status: Any, *, withdrawn: bool = False, reinstated: bool = False) -> DisputeReport:
    return DisputeReport(
        psp_reference=PspReference("dp_1"),
        status=status,
        money=Money(1000, USD),
        reason="fraudulent",
        is_inquiry=False,
        occurred_at=NOON,
        movements=(
            DisputeMovements(
                currency=USD,
                withdrawn_minor=1000 if withdrawn else 0,
                withdrawn_fee_minor=1500 if withdrawn else 0,
                reinstated_minor=1000 if reinstated else 0,
            ),
        ),
    )


def _refund() -> RefundReport:
    return RefundReport(
        status="succeeded", psp_reference=PspReference("re_1"), money=Money(500, USD), occurred_at=NOON
    )


async def _inquired(psp: ScriptedPsp, times: int) -> bool:
    return len(psp.inquiries) >= times


async def _refunded(psp: ScriptedPsp) -> bool:
    return bool(psp.refunds)
