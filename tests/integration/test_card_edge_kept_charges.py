"""Charges by a kept card: opened for the charge alone, with a record of it, made into tokens at each account of the plan."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from fincore.domain.events import ChargeCreated
from fincore.domain.payment_method import CardToken
from fincore.domain.secret import Secret
from fincore.postgres.pool import Pool
from fincore.write.routing.rule_file import read_rules
from fincore.write.routing.rules import LiveRules
from fincore.write.vault.accesses import Access, AccessRecord
from fixtures.card_edge_server import AWAY, NUMBER, REFUSED, CardEdge, serving_card_edge
from fixtures.merchant_api import Api, Reply, serving_api
from fixtures.routing import paypal, stripe
from fixtures.vault import keeping
from integration.test_card_edge import events_of, record_of

KEEPING = keeping("k1")


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


@pytest.fixture
async def edge(api: Api) -> AsyncIterator[CardEdge]:
    async with serving_card_edge(api, keeping=KEEPING) as edge:
        await edge.enable()
        yield edge


async def charged(
    edge: CardEdge, idempotency_key: str, card_id: str, *, key: Secret | None = None, amount_minor: int = 1999
) -> Reply:
    method = {"type": "kept_card", "card": card_id}
    return await edge.charge(idempotency_key, key=key, payment_method=method, amount_minor=amount_minor)


async def accesses(pool: Pool) -> list[Access]:
    return await AccessRecord(pool).list(None, limit=100)


async def test_kept_card_becomes_a_charge_with_a_token_only(api: Api, edge: CardEdge, pool: Pool) -> None:
    card_id = (await edge.keep("keep")).json()["id"]
    reply = await charged(edge, "k", card_id)
    assert reply.status == 201, reply.body
    (created,) = await events_of(api, reply.json()["id"])
    assert isinstance(created, ChargeCreated)
    assert created.payment_method == CardToken("pm_test_1")
    ((_, sent),) = edge.tokeniser.calls
    assert sent.holder is not None
    assert (sent.number.reveal(), sent.expiry_month, sent.holder.reveal()) == (NUMBER, 12, "Ada Byron")
    assert sent.cvc is None
    (access,) = await accesses(pool)
    assert (access.card_id, access.purpose, access.charge_id) == (card_id, "charge", reply.json()["id"])
    assert (access.attempt, access.psp, access.psp_account) == (1, "stripe", "test")
    assert access.accessed_by.startswith("card-edge, ")
    assert ("answered", "accepted", "no_engine") in await record_of(pool)


async def test_kept_card_gets_a_token_at_each_account(api: Api, pool: Pool) -> None:
    text = '[[rule]]\nname = "europe"\nwhen = "true"\naccounts = ["stripe/eu", "paypal/shop", "stripe/us"]\n'
    found = read_rules(text)
    assert isinstance(found, tuple)
    accounts = (stripe("eu"), stripe("us"), paypal("shop"))
    async with serving_card_edge(api, accounts=accounts, rules=LiveRules(1, found), keeping=KEEPING) as edge:
        await edge.enable()
        card_id = (await edge.keep("keep")).json()["id"]
        (created,) = await events_of(api, (await charged(edge, "k", card_id)).json()["id"])
        assert isinstance(created, ChargeCreated)
        assert created.plan is not None
        assert [(one.psp_account, one.payment_method) for one in created.plan.attempts] == [
            ("eu", CardToken("pm_eu_1")),
            ("us", CardToken("pm_us_2")),
        ]
        assert [(one.attempt, one.psp_account) for one in await accesses(pool)] == [(2, "us"), (1, "eu")]
        edge.tokeniser.answers["eu"] = AWAY
        (moved,) = await events_of(api, (await charged(edge, "k2", card_id)).json()["id"])
        assert isinstance(moved, ChargeCreated)
        assert moved.psp_account == "us"


async def test_repeated_charge_of_a_kept_card_opens_it_once(edge: CardEdge, pool: Pool) -> None:
    card_id = (await edge.keep("keep")).json()["id"]
    other = (await edge.keep("keep-other")).json()["id"]
    first = await charged(edge, "k", card_id)
    await edge.send("DELETE", f"/v1/cards/{card_id}")
    again = await charged(edge, "k", card_id)
    assert (again.status, again.body, again.headers["Idempotent-Replayed"]) == (201, first.body, "true")
    for changed in (charged(edge, "k", other), charged(edge, "k", card_id, amount_minor=1), edge.charge("k")):
        assert (await changed).problem()[:2] == (422, "idempotency_key_reused")
    assert len(await accesses(pool)) == len(edge.tokeniser.calls) == 1


async def test_card_that_cannot_be_charged_is_named_and_unopened(
    api: Api, edge: CardEdge, pool: Pool
) -> None:
    card_id = (await edge.keep("keep")).json()["id"]
    strange = await api.new_key(merchant_id=await api.merchants.create_merchant("Another"))
    await edge.send("DELETE", f"/v1/cards/{card_id}")
    param = "payment_method.card"
    assert (await charged(edge, "k", card_id)).problem() == (422, "card_deleted", param)
    assert (await charged(edge, "k", "card_01kab5m5wvfb9v1c2m5hfv0d2e")).problem() == (
        404,
        "card_not_found",
        param,
    )
    assert (await charged(edge, "k", "card_x")).problem() == (422, "field_invalid", param)
    assert (await charged(edge, "k", card_id, key=strange)).problem()[:2] == (403, "raw_cards_not_enabled")
    assert (await accesses(pool), edge.tokeniser.calls) == ([], [])
    async with serving_card_edge(api) as without:
        assert (await charged(without, "k", card_id)).problem()[:2] == (422, "vault_not_configured")


async def test_kept_card_of_another_merchant_is_unknown(api: Api, edge: CardEdge, pool: Pool) -> None:
    card_id = (await edge.keep("keep")).json()["id"]
    merchant_id = api.merchant_id
    api.merchant_id = await api.merchants.create_merchant("Another")
    theirs = await api.new_key()
    await edge.enable()
    api.merchant_id = merchant_id
    assert (await charged(edge, "k", card_id, key=theirs)).problem()[:2] == (404, "card_not_found")
    assert await accesses(pool) == []


@pytest.mark.parametrize("change", ["content = set_byte(content, 40, 7)", "expiry_year = 2040"])
async def test_kept_card_that_was_altered_reaches_no_psp(
    edge: CardEdge, pool: Pool, dsn: str, change: str
) -> None:
    card_id = (await edge.keep("keep")).json()["id"]
    owner = await asyncpg.connect(dsn)
    try:
        await owner.execute("alter table vault.cards disable trigger user")
        await owner.execute(f"update vault.cards set {change}")  # noqa: S608 -- our own
    finally:
        await owner.close()
    assert (await charged(edge, "k", card_id)).problem() == (500, "card_unreadable", "payment_method.card")
    assert edge.tokeniser.calls == []
    assert len(await accesses(pool)) == 1
    assert await pool.fetchval("select count(*) from eventstore.events") == 0


async def test_kept_card_that_a_psp_refuses_is_a_failed_charge(edge: CardEdge) -> None:
    card_id = (await edge.keep("keep")).json()["id"]
    edge.tokeniser.answers["test"] = REFUSED
    assert (await charged(edge, "k", card_id)).problem()[:2] == (402, "charge_failed")
    edge.tokeniser.answers["test"] = AWAY
    assert (await charged(edge, "k2", card_id)).problem()[:2] == (503, "card_not_tokenised")
    edge.tokeniser.answers.clear()
    assert (await charged(edge, "k2", card_id)).status == 201
