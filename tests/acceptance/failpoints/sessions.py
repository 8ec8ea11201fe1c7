"""Scenarios about checkout sessions: the customer pays on a PSP's page, changes their mind, pays again, or comes too late."""

import asyncio
import signal
from pathlib import Path
from typing import Any, Final

from acceptance.failpoints import customer
from acceptance.failpoints.scene import (
    AMOUNT_MINOR,
    ANSWER_TIMEOUT_SECONDS,
    POLL_SECONDS,
    Ending,
    Scene,
    SessionEnding,
)
from acceptance.failpoints.wallets import press_approve
from fincore.domain.checkout_session_events import SessionPaymentMethod
from fincore.domain.ids import (
    StreamId,
    parse_checkout_session_id,
    session_charge_id,
    session_stream_of,
    stream_of,
)
from fixtures.agreement import rows_at_psp
from fixtures.hosted_page import pay_page
from fixtures.shop import Charge

REQUEST: Final = {
    "amount_minor": AMOUNT_MINOR,
    "currency": "usd",
    "success_url": "http://127.0.0.1:9/thanks",
    "cancel_url": "http://127.0.0.1:9/cart",
}
PROGRAM: Final = (str(Path(customer.__file__)),)

Session = dict[str, Any]


async def pay_a_session(scene: Scene) -> Ending:
    await scene.arm()
    session = await created(scene)
    await choose_and_die(scene, session, "card", "commit.checkout_session.attempt_started")
    charge = await attempt(scene, session, 1, "requires_action")
    await pay_page(charge["next_action"]["redirect_url"])
    return paid(session, charge)


async def pay_otherwise(scene: Scene) -> Ending:
    """The customer leaves Stripe's page for PayPal: the first is closed before the second is opened."""
    session, first = await begun(scene)
    await scene.arm()
    await choose_and_die(scene, session, "paypal", "commit.checkout_session.switch_requested")
    second = await attempt(scene, session, 2, "requires_action")
    await press_approve(second)
    return paid(session, second, Ending(first["id"], "canceled"))


async def end_while_the_customer_pays(scene: Scene) -> Ending:
    session, charge = await begun(scene)
    await scene.arm()
    await scene.ask(f"/v1/checkout_sessions/{session['id']}/expire")
    return Ending(charge["id"], "canceled", session=SessionEnding(session["id"], "expired"))


async def end_while_nothing_is_payable(scene: Scene) -> Ending:
    """Stripe's page lapsed, and the customer has not chosen again."""
    session, charge = await begun(scene)
    scene.system.stripe(f"/v1/checkout/sessions/{charge['psp_reference']}/expire")
    await until_recorded(scene, session, "checkout_session.attempt_closed")
    await scene.arm()
    await scene.ask(f"/v1/checkout_sessions/{session['id']}/expire")
    return Ending(charge["id"], "expired", session=SessionEnding(session["id"], "expired"))


async def pay_twice(scene: Scene) -> Ending:
    """A payment that failed at first is made good at the PSP, when another has paid the session: it goes back."""
    session, first = await begun(scene)
    await pay_page(first["next_action"]["redirect_url"], timing="fails_later")
    await until_recorded(scene, session, "checkout_session.attempt_closed")
    await choose(scene, session, "card")
    second = await attempt(scene, session, 2, "requires_action")
    await pay_page(second["next_action"]["redirect_url"])
    await until_recorded(scene, session, "checkout_session.completed")
    await scene.arm()
    (intent,) = (
        row["id"]
        for row in rows_at_psp(scene.system, "payment_intents")
        if row["metadata"].get("fincore_charge_id") == first["id"]
    )
    scene.system.stripe(f"/v1/payment_intents/{intent}/confirm", payment_method="pm_card_visa")
    returned = Ending(first["id"], "succeeded", AMOUNT_MINOR, AMOUNT_MINOR)
    return paid(session, second, returned)


def paid(session: Session, charge: Charge, *others: Ending) -> Ending:
    """A session that one charge paid; `others` are those of its earlier attempts."""
    completed = SessionEnding(session["id"], "completed", charge["id"])
    return Ending(charge["id"], "succeeded", AMOUNT_MINOR, session=completed, others=others)


async def created(scene: Scene) -> Session:
    """A session that was accepted."""
    accepted: Session = await scene.ask("/v1/checkout_sessions", REQUEST)
    return accepted


async def begun(scene: Scene) -> tuple[Session, Charge]:
    """A session, and the charge of its first attempt, for which the customer is on Stripe's page."""
    session = await created(scene)
    await choose(scene, session, "card")
    return session, await attempt(scene, session, 1, "requires_action")


async def choose(scene: Scene, session: Session, method: SessionPaymentMethod) -> None:
    """The customer chooses how to pay."""
    done = await asyncio.to_thread(scene.system.fincore, session["url"], method, program=PROGRAM)
    assert done.code == 0, done


async def choose_and_die(scene: Scene, session: Session, method: SessionPaymentMethod, where: str) -> None:
    """The process that serves the customer is killed, and the customer chooses the same again."""
    doomed = (session["url"], method, f"{where}.{scene.place}")
    died = await asyncio.to_thread(scene.system.fincore, *doomed, program=PROGRAM)
    assert died.code == -signal.SIGKILL, died
    await choose(scene, session, method)


async def attempt(scene: Scene, session: Session, number: int, status: str) -> Charge:
    """The charge of an attempt, once it is made and has come to a status."""
    charge_id = session_charge_id(parse_checkout_session_id(session["id"]), number)
    await until_logged(scene, stream_of(charge_id), "charge.created")
    return await scene.until_status({"id": charge_id}, status)


async def until_recorded(scene: Scene, session: Session, event_type: str) -> None:
    """Return once the session's stream has an event of a type."""
    await until_logged(scene, session_stream_of(parse_checkout_session_id(session["id"])), event_type)


async def until_logged(scene: Scene, stream_id: StreamId, event_type: str) -> None:
    """Return once a stream of the log has an event of a type."""
    statement = "select from eventstore.events where stream_id = %s and type = %s"
    async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
        while not await asyncio.to_thread(scene.system.rows, statement, stream_id, event_type):
            await asyncio.sleep(POLL_SECONDS)
