"""Looks of staff that end before the list does: they tell nothing of other merchants, and say that there may be more."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import pytest

from fincore.backoffice import payment_search
from fincore.backoffice.exports import Exports, TooManyTerms
from fincore.backoffice.payment_search import SearchStores, search
from fincore.domain.currency import Currency
from fincore.domain.events import CHARGE_EVENTS, ChargeCreated
from fincore.domain.ids import ChargeId, MerchantId, charge_of
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.paymentdb import staff_lists
from fincore.read.paymentdb.staff_charge_queries import TERMS_MAX, StaffChargeQueries
from fincore.read.paymentdb.staff_charge_walk import StaffChargeFilters, Wanted
from fincore.read.paymentdb.staff_lists import Scope
from fincore.read.projectionist.projectionist import Projectionist
from fixtures.commits import MERCHANT, NOON, created
from fixtures.traffic import follow, live, running_writer, store_pool

OTHER: Final = MerchantId("mer_01kab5m5wvfb9v1c2m5hfv0d2e")
ALL: Final = Scope(livemode=False)
ONE: Final = Scope(livemode=False, merchants=(MERCHANT,))
ADA: Final = "ada@example.com"


@pytest.fixture
async def paymentdb(dsn: str) -> AsyncIterator[Pool]:
    async with store_pool(dsn, "paymentdb") as opened:
        yield opened


@pytest.fixture
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks of 20 charges, of 10 where a term leads."""
    monkeypatch.setattr(staff_lists, "LOOKED_AT_MAX", 20)


async def folded(pool: Pool, paymentdb: Pool, *charges: ChargeCreated) -> list[ChargeId]:
    async with running_writer(pool) as writer:
        streams = await live(writer, [(one,) for one in charges])
    await follow(EventLog(pool, CHARGE_EVENTS), paymentdb, Projectionist())
    return list(map(charge_of, streams))


async def newer_of_other(pool: Pool, paymentdb: Pool) -> None:
    later = [NOON + timedelta(minutes=n) for n in range(1, 40)]
    theirs = [created(700, merchant_id=OTHER, customer_email=ADA, created_at=at) for at in later]
    await folded(pool, paymentdb, *theirs)


@pytest.mark.parametrize("wanted", [Wanted(ADA), Wanted("ada", is_prefix=True)], ids=["whole", "beginning"])
async def test_a_look_in_a_scope_passes_over_no_other_charges(
    pool: Pool, paymentdb: Pool, short_looks: None, wanted: Wanted
) -> None:
    mine = await folded(pool, paymentdb, created(500, customer_email=ADA))
    await newer_of_other(pool, paymentdb)
    queries = StaffChargeQueries(paymentdb)
    for filters in (
        StaffChargeFilters(email=wanted),
        StaffChargeFilters(email=wanted, currencies=(Currency("usd"), Currency("eur"))),
    ):
        page = await queries.list_charges(ONE, filters, limit=5)
        assert [one.charge_id for one in page.charges] == mine
        assert (page.next_place, page.looked_back_to, page.is_cut) == (None, None, False)
        assert (await queries.total(ONE, filters)).is_exact
    (group,) = await search(SearchStores(paymentdb=paymentdb, eventstore=pool), ONE, ADA)
    assert ([hit.object_id for hit in group.hits], group.has_more) == (mine, False)


async def test_terms_of_others_do_not_cut_a_beginning(pool: Pool, paymentdb: Pool) -> None:
    theirs = [
        created(700, merchant_id=OTHER, customer_email=f"ada{n:02d}@example.com")
        for n in range(TERMS_MAX + 1)
    ]
    mine = await folded(pool, paymentdb, created(500, customer_email="adam@example.com"))
    await folded(pool, paymentdb, *theirs)
    queries = StaffChargeQueries(paymentdb)
    filters = StaffChargeFilters(email=Wanted("ada", is_prefix=True))
    page = await queries.list_charges(ONE, filters, limit=5)
    assert ([one.charge_id for one in page.charges], page.is_cut) == (mine, False)
    assert (await queries.list_charges(ALL, filters, limit=5)).is_cut


async def test_a_search_looks_on_where_a_look_finds_none(
    pool: Pool, paymentdb: Pool, short_looks: None
) -> None:
    mine = await folded(pool, paymentdb, created(1999, currency=Currency("eur")))
    later = [NOON + timedelta(minutes=n) for n in range(1, 40)]
    await folded(pool, paymentdb, *(created(1999, created_at=at) for at in later))
    groups = await search(SearchStores(paymentdb=paymentdb, eventstore=pool), ALL, "19,99 EUR")
    assert [[hit.object_id for hit in group.hits] for group in groups] == [mine]


async def test_a_search_that_did_not_look_at_all_says_so(
    pool: Pool, paymentdb: Pool, short_looks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payment_search, "LOOKS_MAX", 1)
    await folded(pool, paymentdb, created(1999, currency=Currency("eur")))
    later = [NOON + timedelta(minutes=n) for n in range(1, 40)]
    await folded(pool, paymentdb, *(created(1999, created_at=at) for at in later))
    groups = await search(SearchStores(paymentdb=paymentdb, eventstore=pool), ALL, "19,99 EUR")
    assert [(group.hits, group.has_more) for group in groups] == [((), True)]


async def test_an_export_that_would_be_short_breaks_off(pool: Pool, paymentdb: Pool, dsn: str) -> None:
    await folded(
        pool, paymentdb, *(created(customer_email=f"ada{n:02d}@example.com") for n in range(TERMS_MAX + 1))
    )
    filters = StaffChargeFilters(email=Wanted("ada", is_prefix=True))
    async with store_pool(dsn, "ledgerdb") as ledgerdb:
        with pytest.raises(TooManyTerms, match="send more"):
            await anext(Exports(paymentdb, ledgerdb).charges(ALL, filters))


async def test_totals_beyond_bigint_are_a_lower_bound(pool: Pool, paymentdb: Pool, owner_pool: Pool) -> None:
    await folded(pool, paymentdb, created(1), created(1))
    await owner_pool.execute("update paymentdb.charges set amount_minor = 9223372036854775800")
    totals, is_exact = await StaffChargeQueries(paymentdb).total(ALL, StaffChargeFilters())
    assert ([one.amount_minor for one in totals], is_exact) == ([2**63 - 1], False)
