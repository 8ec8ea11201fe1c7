"""The search box: what each kind of text finds, and within which scope."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from fincore.backoffice.payment_search import HITS_MAX, Group, SearchStores, search
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.ids import (
    ChargeId,
    MerchantId,
    charge_of,
    new_charge_id,
    public_event_id,
    stream_of,
)
from fincore.domain.outcome import PspReference
from fincore.domain.payment_method import CardInstrument
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.staff_lists import Scope
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.commits import MERCHANT, NOON, captured, created
from fixtures.traffic import disputed, follow, live, refunded, refunding, running_writer, store_pool

TEST = Scope(livemode=False)


@pytest.fixture
async def stores(pool: Pool, dsn: str) -> AsyncIterator[SearchStores]:
    async with store_pool(dsn, "paymentdb") as paymentdb:
        yield SearchStores(paymentdb=paymentdb, eventstore=pool)


async def told(stores: SearchStores, *lives: tuple[ChargeEvent, ...]) -> list[ChargeId]:
    """Charges with such lives, in the log and in the view."""
    async with running_writer(stores.eventstore) as writer:
        streams = await live(writer, list(lives))
    await follow(EventLog(stores.eventstore, CHARGE_EVENTS), stores.paymentdb, Projectionist())
    return list(map(charge_of, streams))


def matched(groups: list[Group]) -> dict[str, list[str]]:
    return {group.matched: [hit.object_id for hit in group.hits] for group in groups}


async def test_a_charge_is_found_by_all_that_a_customer_can_say(stores: SearchStores) -> None:
    card = CardInstrument(brand="visa", last4="0042")
    mine, other = await told(
        stores,
        (
            created(1999, customer_email="Ada@Example.com", metadata={"order": "A-1007"}),
            captured(1999, instrument=card, psp_reference=PspReference("pi_3MtwBw")),
        ),
        (created(500, customer_email="bob@example.com"), captured(500)),
    )
    reference = f"pi_3MtwBw_{stream_of(mine).hex}"
    for text, kind in (
        (mine, "charge_id"),
        ("0042", "last4"),
        ("19.99", "amount"),
        ("1999", "amount"),
        ("ada@example.com", "email"),
        ("ADA@", "email"),
        ("a-1007", "metadata"),
        ("A-10", "metadata"),
        (reference, "reference"),
        ("pi_3mtw", "reference"),
    ):
        found = matched(await search(stores, TEST, text))
        assert found[kind] == [mine], text
        assert not any(other in ids for ids in found.values())


async def test_a_refund_dispute_and_event_lead_to_their_charge(stores: SearchStores) -> None:
    refund, dispute = refunding(), disputed()
    (charge_id,) = await told(stores, (created(), captured(), refund, refunded(refund), dispute))
    event_id = await stores.paymentdb.fetchval("select event_id from paymentdb.events where version = 2")
    for text, named in (
        (refund.refund_id, "refund"),
        (dispute.dispute_id, "dispute"),
        (public_event_id(event_id), "event"),
    ):
        ((group,),) = [[group.hits for group in await search(stores, TEST, text)]]
        assert [(hit.object, hit.object_id) for hit in group] == [(named, text)]
        assert group[0].charge is not None
        assert group[0].charge.charge_id == charge_id


async def test_nothing_outside_the_scope_is_found(stores: SearchStores) -> None:
    refund = refunding()
    (charge_id,) = await told(
        stores,
        (created(1999, customer_email="ada@example.com", metadata={"order": "A-1"}), captured(1999), refund),
    )
    texts = (charge_id, refund.refund_id, "19.99", "ada@example.com", "ada@", "A-1", new_charge_id())
    for scope in (
        Scope(livemode=True),
        Scope(livemode=False, merchants=(MerchantId("mer_01other"),)),
        Scope(livemode=False, merchants=()),
    ):
        for text in texts:
            assert await search(stores, scope, text) == [], (scope, text)
    mine = Scope(livemode=False, merchants=(MerchantId("mer_01other"), MERCHANT))
    assert all([await search(stores, mine, text) for text in texts[:-1]])


async def test_signs_of_patterns_mean_nothing(stores: SearchStores) -> None:
    (percent, _, _) = await told(
        stores,
        (created(metadata={"order": "100%_x"}),),
        (created(metadata={"order": "100 x"}),),
        (created(metadata={"order": "<script>alert(1)</script>"}),),
    )
    assert matched(await search(stores, TEST, "100%_")) == {"metadata": [percent]}
    for text in ("%", "_", "%%", "10_", "' or 1=1 --", "\\", "\0"):
        assert await search(stores, TEST, text) == []
    (group,) = await search(stores, TEST, "<script>alert(1)</script>")
    assert group.matched == "metadata"


async def test_a_group_is_bounded_and_says_that_there_are_more(stores: SearchStores) -> None:
    lives = [
        (created(customer_email="ada@example.com", created_at=NOON + timedelta(minutes=n)),)
        for n in range(HITS_MAX + 1)
    ]
    charges = await told(stores, *lives)
    (group,) = await search(stores, TEST, "ada@example.com")
    assert [hit.object_id for hit in group.hits] == charges[:0:-1]
    assert (group.has_more, group.is_prefix) == (True, False)
    (group,) = await search(stores, TEST, "ada@")
    assert (len(group.hits), group.has_more, group.is_prefix) == (HITS_MAX, True, True)
