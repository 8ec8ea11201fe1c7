"""Fee plans: set by operators, believed within seconds, stamped into each charge, never changed."""

import asyncpg
import pytest

from fincore.domain.currency import Currency
from fincore.domain.events import CHARGE_EVENTS, ChargeCreated
from fincore.domain.fee_plan import FeePlan
from fincore.domain.ids import new_merchant_id, parse_charge_id, stream_of
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.write.merchants.api_keys import KNOWN_SECONDS, ApiKeys
from fincore.write.merchants.fee_plans import FeePlanNotUsable, FeePlans
from fincore.write.merchants.merchants import Merchants, UnknownMerchant
from fixtures.cases import on_one_installation
from fixtures.clocks import HandClock
from fixtures.commits import NOON
from fixtures.merchant_api import serving_api

USD, EUR = Currency("usd"), Currency("eur")
CARDS = FeePlan(basis_points=290, fixed_minor=30)
CHEAPER = FeePlan(basis_points=150, fixed_minor=0)


@pytest.fixture
def plans(pool: Pool) -> FeePlans:
    return FeePlans(pool, HandClock(NOON))


async def test_the_latest_plan_of_each_currency_comes_with_the_key(pool: Pool, plans: FeePlans) -> None:
    merchants = Merchants(pool, HandClock(NOON))
    merchant_id = await merchants.create_merchant("Tests")
    key = (await merchants.create_key(merchant_id, "secret", livemode=False)).secret.reveal()
    await plans.set(merchant_id, USD, CARDS, by="ada")
    await plans.set(merchant_id, EUR, CARDS, by="ada")
    await plans.set(merchant_id, USD, CHEAPER, by="grace")
    other = await merchants.create_merchant("Others")
    await plans.set(other, Currency("jpy"), CARDS, by="ada")
    principal = await ApiKeys(pool).authenticate(key)
    assert principal is not None
    assert principal.fee_plans == {USD: CHEAPER, EUR: CARDS}
    listed = await plans.list(merchant_id)
    assert [(one.currency, one.plan_no, one.plan, one.set_by) for one in listed] == [
        (EUR, 1, CARDS, "ada"),
        (USD, 1, CARDS, "ada"),
        (USD, 2, CHEAPER, "grace"),
    ]


async def test_new_fee_plan_counts_once_cached_key_expires(pool: Pool, plans: FeePlans) -> None:
    merchants = Merchants(pool, HandClock(NOON))
    merchant_id = await merchants.create_merchant("Tests")
    key = (await merchants.create_key(merchant_id, "secret", livemode=False)).secret.reveal()
    now = [100.0]
    keys = ApiKeys(pool, monotonic=lambda: now[0])
    await keys.authenticate(key)
    await plans.set(merchant_id, USD, CARDS, by="ada")
    believed = await keys.authenticate(key)
    assert believed is not None
    assert believed.fee_plans == {}
    now[0] += KNOWN_SECONDS
    asked = await keys.authenticate(key)
    assert asked is not None
    assert asked.fee_plans == {USD: CARDS}


async def test_charge_keeps_fee_plan_of_its_creation(pool: Pool) -> None:
    async with serving_api(pool, clock=HandClock(NOON)) as api:
        await FeePlans(pool, HandClock(NOON)).set(api.merchant_id, USD, CARDS, by="ada")
        in_usd = (await api.charge("one")).json()["id"]
        in_eur = (await api.charge("two", currency="eur")).json()["id"]
        await FeePlans(pool, HandClock(NOON)).set(api.merchant_id, USD, CHEAPER, by="ada")
    found = []
    for charge_id in (in_usd, in_eur):
        (created,) = await EventLog(pool, CHARGE_EVENTS).load(stream_of(parse_charge_id(charge_id)))
        assert isinstance(created.event, ChargeCreated)
        found.append(created.event.fee_plan)
    assert found == [CARDS, None]


@on_one_installation(
    ("currency", "plan", "by"),
    [
        ("zzz", CARDS, "ada"),
        ("usd", FeePlan(basis_points=10_001, fixed_minor=0), "ada"),
        ("usd", FeePlan(basis_points=-1, fixed_minor=0), "ada"),
        ("usd", FeePlan(basis_points=0, fixed_minor=-1), "ada"),
        ("usd", FeePlan(basis_points=0, fixed_minor=100_000_000), "ada"),
        ("usd", CARDS, " "),
    ],
)
async def test_a_plan_out_of_bounds_is_refused(
    pool: Pool, plans: FeePlans, currency: str, plan: FeePlan, by: str
) -> None:
    merchant_id = await Merchants(pool, HandClock(NOON)).create_merchant("Tests")
    with pytest.raises(FeePlanNotUsable):
        await plans.set(merchant_id, Currency(currency), plan, by=by)
    assert await plans.list(merchant_id) == []


async def test_fee_plan_of_unknown_merchant_is_refused(plans: FeePlans) -> None:
    with pytest.raises(UnknownMerchant):
        await plans.set(new_merchant_id(), USD, CARDS, by="ada")


async def test_fee_plan_cannot_be_changed_or_deleted(pool: Pool, owner_pool: Pool, plans: FeePlans) -> None:
    merchant_id = await Merchants(pool, HandClock(NOON)).create_merchant("Tests")
    await plans.set(merchant_id, USD, CARDS, by="ada")
    for change in (
        "update merchants.fee_plans set basis_points = 1",
        "delete from merchants.fee_plans",
        "truncate merchants.fee_plans",
    ):
        with pytest.raises(asyncpg.RestrictViolationError, match="fee plans are agreements"):
            await owner_pool.execute(change)
