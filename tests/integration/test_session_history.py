"""What staff see of a checkout session, also of one that FinCore cannot read to its end."""

import pytest

from fincore.backoffice.parked_charges import NotParked, list_parked, resume_parked
from fincore.backoffice.session_history import SessionNotFound, session_history
from fincore.backoffice.stream_history import Stop
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.domain.checkout_decisions import begin_attempt, end_session
from fincore.domain.checkout_session_events import CheckoutSessionCreated, CheckoutSessionEvent
from fincore.domain.ids import CheckoutSessionId, new_stream_id, session_of, session_stream_of
from fincore.eventstore.commit import Commit, Committed, NewEvent
from fincore.postgres.pool import Pool
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.checkout_sessions import AT, after, plan_for, session_created, session_of_events
from fixtures.commits import PROVENANCE
from fixtures.traffic import follow


async def written(operator: OperatorStores, *events: CheckoutSessionEvent) -> CheckoutSessionId:
    """A session of its own with these events."""
    stream_id = new_stream_id()
    commit: Commit[CheckoutSessionEvent] = Commit(
        provenance=PROVENANCE, stream_id=stream_id, events=tuple(NewEvent(event) for event in events)
    )
    assert await operator.writer.commit(commit) == Committed()
    return session_of(stream_id)


def paying() -> tuple[CheckoutSessionEvent, ...]:
    created = session_created()
    started = begin_attempt(
        CheckoutSessionId("cos_01k0bcdefghjkmnpqrstvwxyz0"), session_of_events(), "card", plan_for("card"), AT
    )
    assert isinstance(started, tuple)
    return (created, *started)


async def test_session_is_shown_with_its_events_and_not_its_page(operator: OperatorStores) -> None:
    session_id = await written(operator, *paying())
    history = await session_history(operator.session_log, session_id)
    assert history.state is not None
    assert (history.state.state, history.stop) == ("paying", None)
    assert [one.type for one in history.events] == [
        "checkout_session.created",
        "checkout_session.attempt_started",
    ]
    assert {one.at for one in history.events} == {AT}
    created = session_created()
    assert isinstance(created, CheckoutSessionCreated)
    said = " ".join(one.says for one in history.events)
    assert created.page.rpartition("/")[2] not in said.split()
    assert created.page not in said
    assert "payment_method card" in said
    with pytest.raises(SessionNotFound, match="there is no checkout session cos_"):
        await session_history(operator.session_log, session_of(new_stream_id()))


async def test_session_that_cannot_go_on_is_shown_as_it_was(operator: OperatorStores) -> None:
    ended = end_session(session_of_events(), "merchant", AT)
    assert isinstance(ended, tuple)
    assert after(session_of_events(), ended).status == "expired"
    session_id = await written(operator, session_created(), *ended, *ended)
    history = await session_history(operator.session_log, session_id)
    assert history.state is not None
    assert history.state.status == "expired"
    assert history.stop == Stop(3, "KeyError: ('expired', 'checkout_session.expired')")


async def test_parked_session_is_named_by_its_own_id(
    operator: OperatorStores, owner_pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the list, in the log, and where it is resumed: `ch_...` would name a charge that is not there."""
    session_id = await written(operator, *paying())
    stream_id = session_stream_of(session_id)

    async def retype(event_type: str) -> None:
        async with owner_pool.acquire() as connection:
            await connection.execute("set session_replication_role = replica")
            await connection.execute(
                "update eventstore.events set type = $2 where stream_id = $1 and version = 2",
                stream_id,
                event_type,
            )
            await connection.execute("set session_replication_role = origin")

    await retype("checkout_session.teleported")
    await follow(operator.whole_log, operator.paymentdb, Projectionist())
    ((parked, name, event_type),) = await list_parked(operator.whole_log, operator.followers)
    assert (name, parked.since_version, event_type) == (session_id, 2, "checkout_session.teleported")
    assert session_id in "".join(capsys.readouterr())
    with pytest.raises(NotParked, match=session_id):
        await resume_parked(operator.whole_log, operator.followers, name=session_id, consumer_name="ledger")
    await retype("checkout_session.attempt_started")
    resumed = await resume_parked(operator.whole_log, operator.followers, name=session_id, consumer_name=None)
    assert resumed == [("projectionist", 1)]
