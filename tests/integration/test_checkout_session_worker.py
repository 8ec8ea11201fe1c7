"""A checkout session on the real log and queue, by a worker that takes over from one that died."""

from fincore.domain.checkout_decisions import begin_attempt
from fincore.domain.checkout_session_events import CheckoutSessionEvent
from fincore.domain.ids import session_charge_id, session_stream_of, stream_of
from fincore.domain.outcome import Approved
from fincore.eventstore.commit import Commit, Committed, NewEvent
from fincore.eventstore.recorder import Recorded
from fincore.postgres.pool import Pool
from fincore.write.checkout.attempt_charge import new_charge
from fincore.write.checkout.session_jobs import session_jobs
from fixtures.checkout_sessions import SESSION, plan_for, session_created
from fixtures.commits import PROVENANCE
from fixtures.scripted_psp import NOON, ScriptedPsp, payment_at, require_action
from fixtures.worker_harness import open_harness


async def test_charge_made_by_a_dead_worker_is_made_once(pool: Pool) -> None:
    """It died between its Commit and the end of its job: the job comes again, and finds the charge."""
    psp = ScriptedPsp(require_action)
    charge_id = session_charge_id(SESSION, 1)
    async with open_harness(pool, psp, working=False) as dead:
        created = session_created()
        commit: Commit[CheckoutSessionEvent] = Commit(
            provenance=PROVENANCE,
            stream_id=session_stream_of(SESSION),
            events=(NewEvent(created),),
            jobs=session_jobs(SESSION, (created,)),
        )
        assert await dead.writer.commit(commit) == Committed()
        begun = await dead.sessions.record(
            SESSION,
            lambda session: begin_attempt(SESSION, session, "card", plan_for("card"), created.created_at),
            PROVENANCE,
        )
        assert isinstance(begun, Recorded)
        session = await dead.sessions.load(SESSION)
        assert session is not None
        made, job = new_charge(SESSION, session, session.attempts[0], created.created_at)
        await dead.append(charge_id, made, jobs=(job,))
    async with open_harness(pool, psp) as harness:
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created", "charge.action_required"]
        money = psp.payments[payment_at(charge_id, "test")].money
        psp.becomes(
            charge_id,
            Approved(
                kind="captured", money=money, psp_reference=payment_at(charge_id, "test"), occurred_at=NOON
            ),
        )
        await harness.tell(charge_id, "captured", amount_minor=1999)
        await harness.idle()
        session = await harness.sessions.load(SESSION)
        assert session is not None
        assert (session.state, [one.charge_id for one in session.attempts]) == ("completed", [charge_id])
        assert len(psp.requests) == 1
        assert (
            await pool.fetchval(
                "select count(*) from eventstore.events where stream_id = $1 and type = 'charge.created'",
                stream_of(charge_id),
            )
            == 1
        )
