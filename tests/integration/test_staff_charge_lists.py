"""Charges as staff list them: what filters find, that pages join, and that no filter makes a page look at too much."""

import random
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import MerchantId
from fincore.domain.outcome import PspAccount, PspName
from fincore.postgres.pool import Pool, create_pool
from fincore.read.paymentdb import staff_lists
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.paymentdb.search_terms import as_term, terms_of
from fincore.read.paymentdb.staff_charge_queries import StaffChargeQueries
from fincore.read.paymentdb.staff_charge_walk import StaffChargeFilters, Wanted
from fincore.read.paymentdb.staff_lists import Place, Scope
from fixtures.cases import on_one_installation
from fixtures.databases import prepared_database, with_database
from fixtures.many_charges import MERCHANTS, make_many_charges

NOON: Final = datetime(2026, 11, 4, 12, tzinfo=UTC)
CHARGES: Final = 3_000
NAMES: Final = tuple(map(MerchantId, MERCHANTS))
SCOPES: Final = (None, NAMES[:1], NAMES[3:8], (*NAMES[:3], MerchantId("mer_none")), ())


@pytest.fixture(scope="module")
def charges_dsn(postgres_dsn: str, template_database: str) -> Iterator[str]:
    """A database with charges that is only read."""

    async def filled(dsn: str) -> None:
        await make_many_charges(dsn, charges=CHARGES, since=NOON)

    with prepared_database(postgres_dsn, filled, template=template_database) as (name, _):
        yield with_database(postgres_dsn, name)


@pytest.fixture
async def queries(charges_dsn: str) -> AsyncIterator[StaffChargeQueries]:
    settings = {"search_path": "paymentdb", "default_transaction_read_only": "on"}
    pool: Pool = await create_pool(
        charges_dsn, application_name="tests-staff", role="fincore_service", extra_settings=settings
    )
    try:
        yield StaffChargeQueries(pool)
    finally:
        pool.terminate()


@pytest.fixture
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks of 60 charges, so that those of 3,000 end before the list does."""
    monkeypatch.setattr(staff_lists, "LOOKED_AT_MAX", 60)


async def everything(queries: StaffChargeQueries, scope: Scope, **filters: Any) -> list[ChargeView]:
    """All pages of a list, one after the other; a page may be short, but the list goes on to its end."""
    found: list[ChargeView] = []
    after: Place | None = None
    for _ in range(CHARGES):
        page = await queries.list_charges(scope, StaffChargeFilters(**filters), after=after, limit=50)
        found += page.charges
        if page.next_place is None:
            return found
        assert after is None or page.next_place < after
        after = page.next_place
    raise AssertionError("the list has no end")


FILTERS: Final[dict[str, Callable[[random.Random], Any]]] = {
    "statuses": lambda r: r.choice([("failed",), ("authorized", "processing"), ("requires_action",)]),
    "amount_from_minor": lambda r: r.choice([1999, 20_000]),
    "amount_to_minor": lambda r: r.choice([1999, 30_000]),
    "currencies": lambda r: r.choice([(Currency("eur"),), (Currency("jpy"), Currency("usd"))]),
    "created_from": lambda r: NOON + timedelta(minutes=r.randrange(100)),
    "created_before": lambda r: NOON + timedelta(minutes=30 + r.randrange(100)),
    "psp": lambda r: PspName(r.choice(["paypal", "stripe"])),
    "psp_account": lambda r: PspAccount(r.choice(["test", "other"])),
    "brand": lambda r: r.choice(["visa", "amex"]),
    "last4": lambda r: f"{31 * r.randrange(CHARGES) % 10_000:04d}",
    "email": lambda r: (
        Wanted(f"CUSTOMER{r.randrange(40)}", True)
        if r.random() < 0.5
        else Wanted(f"customer{r.randrange(CHARGES)}@Example.com")
    ),
    "metadata": lambda r: r.choice([{"channel": "web"}, {"order": "A-200", "channel": "shop"}, {"none": ""}]),
    "metadata_value": lambda r: r.choice([Wanted("web"), Wanted("a-12", True)]),
    "disputed": lambda r: r.random() < 0.5,
    "unknown": lambda r: r.random() < 0.5,
    "review": lambda r: r.choice(["open", "approved"]),
}


def passes(view: ChargeView, scope: Scope, filters: dict[str, Any]) -> bool:
    """Whether a charge belongs into a list, by its own words."""
    charge = view.charge
    n = int(view.charge_id.removeprefix("ch_"))
    instrument: Any = charge.instrument
    terms = terms_of(charge)

    def has_term(kind: str, wanted: Wanted) -> bool:
        text = as_term(wanted.text)
        of_kind = [term for one, term in terms if one == kind]
        return any(term.startswith(text) if wanted.is_prefix else term == text for term in of_kind)

    checks: dict[str, Callable[[Any], bool]] = {
        "statuses": lambda value: charge.status in value,
        "amount_from_minor": lambda value: charge.amount.amount_minor >= value,
        "amount_to_minor": lambda value: charge.amount.amount_minor <= value,
        "currencies": lambda value: charge.amount.currency in value,
        "created_from": lambda value: charge.created_at >= value,
        "created_before": lambda value: charge.created_at < value,
        "psp": lambda value: charge.psp == value,
        "psp_account": lambda value: charge.psp_account == value,
        "brand": lambda value: instrument is not None and instrument.brand == value,
        "last4": lambda value: instrument is not None and instrument.last4 == value,
        "email": lambda value: has_term("email", value),
        "metadata": lambda value: value.items() <= charge.metadata.items(),
        "metadata_value": lambda value: has_term("metadata", value),
        "disputed": lambda value: (n % 900 == 1) == value,
        "review": lambda value: n % 700 == 9 and ("open", "approved", "declined")[n % 3] == value,
        "unknown": lambda value: (charge.unknown_since is not None) == value,
    }
    return (
        charge.livemode == scope.livemode
        and scope.has(charge.merchant_id)
        and all(checks[name](value) for name, value in filters.items())
    )


@on_one_installation("seed", range(12))
async def test_lists_hold_what_the_filters_say_and_no_more(
    queries: StaffChargeQueries, short_looks: None, seed: int
) -> None:
    """Scopes and filters at random, with looks that end long before the lists do: pages join without gap or repeat."""
    choose = random.Random(seed)
    every = [
        view for livemode in (True, False) for view in await everything(queries, Scope(livemode=livemode))
    ]
    assert len(every) == CHARGES
    for _ in range(5):
        merchants = choose.choice(SCOPES)
        scope = Scope(livemode=choose.random() < 0.8, merchants=merchants)
        filters = {name: FILTERS[name](choose) for name in choose.sample(list(FILTERS), choose.randrange(4))}
        found = await everything(queries, scope, **filters)
        wanted = sorted(
            (view for view in every if passes(view, scope, filters)),
            key=lambda view: (view.charge.created_at, view.charge_id),
            reverse=True,
        )
        assert [view.charge_id for view in found] == [view.charge_id for view in wanted], (scope, filters)
