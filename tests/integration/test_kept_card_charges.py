"""Charges by a kept card: named at the merchants' API, and made into a token at the card edge, for the workers alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import asyncpg
import pytest
import structlog
from prometheus_client import REGISTRY

from fincore.bootstrap import worker
from fincore.bootstrap.application import ApplicationOptions
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.environment import read_settings
from fincore.domain.errors import ConfigurationError
from fincore.domain.events import ChargeCreated, ChargeRerouted
from fincore.domain.ids import CardId, ChargeId, new_charge_id, stream_of
from fincore.domain.outcome import PspAccount, Retryable
from fincore.domain.payment_method import CardToken, KeptCard
from fincore.domain.secret import Secret
from fincore.eventstore.commit import Commit, Committed, NewEvent, Provenance
from fincore.postgres.pool import Pool
from fincore.write.card_tokens.client import CardEdgeTokens
from fincore.write.card_tokens.port import CardEdgeAway, CardRefused
from fincore.write.card_tokens.wire import PATH
from fincore.write.merchants.raw_card_decisions import RawCardDecisions
from fincore.write.vault.accesses import Access, AccessRecord
from fincore.write.vault.card_cipher import CardCipher
from fincore.write.vault.kept_cards import VaultKeeping
from fincore.write.vault.vault_keys import VaultKeys
from fixtures.card_edge_server import (
    AWAY,
    NUMBER,
    OTHER_KEY,
    REFUSED,
    SILENT,
    TOKEN_SECRET,
    CardEdge,
    serving_card_edge,
)
from fixtures.clocks import HandClock
from fixtures.commits import NOON, created
from fixtures.key_services import MemoryKeyService, service_key
from fixtures.merchant_api import STRIPE, Api, Reply, declined, serving_api
from fixtures.vault import keeping, vault_key
from integration.test_card_edge import events_of

KEEPING = keeping("k1")
CARDS_OF_ANOTHER_K1 = CardCipher(VaultKeys([vault_key("k1", "another")]))
PARAM = "payment_method.card"


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool, options=ApplicationOptions(charges_kept_cards=True)) as api:
        yield api


@pytest.fixture
async def edge(api: Api) -> AsyncIterator[CardEdge]:
    async with serving_card_edge(api, keeping=KEEPING) as edge:
        await edge.enable()
        yield edge


@pytest.fixture
async def tokens(edge: CardEdge) -> AsyncIterator[CardEdgeTokens]:
    tokens = tokens_of(edge)
    yield tokens
    await tokens.close()


@pytest.fixture
async def card_id(edge: CardEdge) -> CardId:
    return CardId((await edge.keep("keep")).json()["id"])


def tokens_of(edge: CardEdge, secret: Secret = TOKEN_SECRET) -> CardEdgeTokens:
    return CardEdgeTokens(edge.url, secret, connections_max=4, psp_timeout_seconds=20.0)


async def charged(api: Api, key: str, card_id: str, **fields: object) -> Reply:
    method = {"type": "kept_card", "card": card_id, **fields}
    return await api.charge(key, payment_method=method)


async def waiting_charge(api: Api, card_id: CardId, **changes: object) -> ChargeId:
    """A charge as the API writes it, of the API's merchant unless told otherwise."""
    charge_id = new_charge_id()
    fields: dict[str, Any] = {"merchant_id": api.merchant_id, "payment_method": KeptCard(card_id), **changes}
    commit = Commit(
        provenance=Provenance(correlation="req_tests", actor="tests"),
        stream_id=stream_of(charge_id),
        expected_version=0,
        events=(NewEvent(created(1000, **fields)),),
    )
    assert await api.writer.commit(commit) == Committed()
    return charge_id


def unreadable(reason: str) -> float:
    """How many requests for a token met a card that could not be read for a reason. The series is there before the first."""
    count = REGISTRY.get_sample_value("fincore_vault_cards_unreadable_total", {"reason": reason})
    assert count is not None
    return count


async def token_of_a_new_edge(api: Api, charge_id: ChargeId) -> object:
    """What a card edge answers that remembers nothing of merchants yet."""
    async with serving_card_edge(api, keeping=KEEPING) as fresh:
        tokens = tokens_of(fresh)
        found = await tokens.token(charge_id, 1)
        await tokens.close()
        return found


async def start_worker(pool: Pool, **given: str) -> None:
    """The worker role with settings of the card edge, told to stop as soon as it runs."""
    stop = asyncio.Event()
    stop.set()
    settings = read_settings({f"FINCORE_CARD_EDGE_{name}": value for name, value in given.items()})
    stores = Stores(eventstore=pool, queue=pool, notify=pool, risk=pool, paymentdb=pool, ledgerdb=pool)
    await worker.run(settings, stores, HandClock(NOON), stop)


async def accesses(pool: Pool) -> list[Access]:
    return await AccessRecord(pool).list(None, limit=100)


async def test_kept_card_named_at_the_api_is_opened_for_its_token(
    api: Api, edge: CardEdge, tokens: CardEdgeTokens, card_id: CardId, pool: Pool
) -> None:
    reply = await charged(api, "k", card_id, initiator="merchant")
    assert reply.status == 201, reply.body
    body = reply.json()
    assert (body["payment_method"], body["payment_method_details"]["type"]) == (card_id, "kept_card")
    (event,) = await events_of(api, body["id"])
    assert isinstance(event, ChargeCreated)
    assert event.payment_method == KeptCard(card_id, "merchant")
    assert (edge.tokeniser.calls, await accesses(pool)) == ([], [])

    assert await tokens.token(body["id"], 1) == CardToken("pm_test_1")
    ((account, sent),) = edge.tokeniser.calls
    assert sent.holder is not None
    assert (account, sent.number.reveal(), sent.holder.reveal(), sent.cvc) == (
        "test",
        NUMBER,
        "Ada Byron",
        None,
    )
    (access,) = await accesses(pool)
    assert (access.card_id, access.purpose, access.charge_id) == (card_id, "charge", body["id"])
    assert (access.attempt, access.psp, access.psp_account) == (1, "stripe", "test")
    assert access.accessed_by.startswith("card-edge, ")


async def test_token_asked_again_is_made_under_the_same_key(
    api: Api, edge: CardEdge, tokens: CardEdgeTokens, card_id: CardId, pool: Pool
) -> None:
    charge_id, other = await waiting_charge(api, card_id), await waiting_charge(api, card_id)
    found = [await tokens.token(one, 1) for one in (charge_id, charge_id, other)]
    assert found == [CardToken("pm_test_1"), CardToken("pm_test_1"), CardToken("pm_test_2")]
    assert edge.tokeniser.keys == [f"{charge_id}:card_token:1", f"{other}:card_token:1"]
    assert len(await accesses(pool)) == 3


async def test_next_account_gets_a_token_and_a_record_of_its_own(
    api: Api, edge: CardEdge, tokens: CardEdgeTokens, card_id: CardId, pool: Pool
) -> None:
    charge_id = await waiting_charge(api, card_id)
    assert await tokens.token(charge_id, 1) == CardToken("pm_test_1")
    rerouted = ChargeRerouted(
        abandoned_attempt=1,
        abandoned_psp=STRIPE,
        abandoned_psp_account=PspAccount("test"),
        psp=STRIPE,
        psp_account=PspAccount("eu"),
        payment_method=KeptCard(card_id),
        code="account_unavailable",
        reason="could not connect",
        requested_at=NOON,
    )
    await api.append(charge_id, lambda _: (rerouted,))
    assert isinstance(await tokens.token(charge_id, 1), CardEdgeAway)
    assert await tokens.token(charge_id, 2) == CardToken("pm_eu_2")
    assert edge.tokeniser.keys == [f"{charge_id}:card_token:1", f"{charge_id}:card_token:2"]
    assert [(one.attempt, one.psp_account) for one in await accesses(pool)] == [(2, "eu"), (1, "test")]


async def test_charge_that_waits_for_no_token_gets_none(
    api: Api, edge: CardEdge, tokens: CardEdgeTokens, card_id: CardId, pool: Pool
) -> None:
    """Who has the secret of the workers can have no card opened but for a charge that waits for it."""
    over = await waiting_charge(api, card_id)
    await api.record(over, declined())
    by_token = await waiting_charge(api, card_id, payment_method=CardToken("pm_card_visa"))
    waiting = await waiting_charge(api, card_id)
    for charge_id, attempt in ((over, 1), (by_token, 1), (waiting, 2), (new_charge_id(), 1)):
        found = await tokens.token(charge_id, attempt)
        assert found == CardEdgeAway("no charge waits for a token of a kept card for this attempt")
    assert (edge.tokeniser.calls, await accesses(pool)) == ([], [])


async def test_card_of_another_merchant_is_not_opened_for_a_charge(
    api: Api, edge: CardEdge, tokens: CardEdgeTokens, card_id: CardId, pool: Pool
) -> None:
    other = await api.merchants.create_merchant("Another")
    decisions = RawCardDecisions(pool, HandClock(NOON))
    await decisions.add(other, livemode=False, is_enabled=True, by="Ada", reason="SAQ D")
    await decisions.add(api.merchant_id, livemode=True, is_enabled=True, by="Ada", reason="SAQ D")
    for changes in ({"merchant_id": other}, {"livemode": True}):
        found = await tokens.token(await waiting_charge(api, card_id, **changes), 1)
        assert isinstance(found, CardRefused)
        assert found.failure.code == "card_unreadable"
    assert (edge.tokeniser.calls, await accesses(pool)) == ([], [])


async def test_card_deleted_after_acceptance_is_refused_by_name(
    api: Api, edge: CardEdge, tokens: CardEdgeTokens, card_id: CardId, pool: Pool
) -> None:
    charge_id = (await charged(api, "k", card_id)).json()["id"]
    await edge.send("DELETE", f"/v1/cards/{card_id}")
    found = await tokens.token(charge_id, 1)
    assert isinstance(found, CardRefused)
    assert found.failure.code == "card_deleted"
    assert (edge.tokeniser.calls, await accesses(pool)) == ([], [])


@pytest.mark.parametrize(
    ("change", "flaw"),
    [("content = set_byte(content, 40, 7)", "altered"), ("expiry_year = 2040", "facts_differ")],
)
async def test_kept_card_that_was_altered_reaches_no_psp(
    api: Api, edge: CardEdge, tokens: CardEdgeTokens, dsn: str, *, change: str, flaw: str
) -> None:
    counted = unreadable(flaw)
    card_id = CardId((await edge.keep("keep")).json()["id"])
    owner = await asyncpg.connect(dsn)
    try:
        await owner.execute("alter table vault.cards disable trigger user")
        await owner.execute(f"update vault.cards set {change}")  # noqa: S608 -- our own
    finally:
        await owner.close()
    found = await tokens.token(await waiting_charge(api, card_id), 1)
    assert isinstance(found, CardRefused)
    assert found.failure.code == "card_unreadable"
    assert edge.tokeniser.calls == []
    assert unreadable(flaw) == counted + 1


@pytest.mark.parametrize(
    ("flaw", "held"),
    [("key_missing", keeping("k2")), ("key_wrong", VaultKeeping(CARDS_OF_ANOTHER_K1, KEEPING.fingerprints))],
)
async def test_card_edge_without_the_key_of_a_card_decides_nothing(
    api: Api, edge: CardEdge, card_id: CardId, flaw: str, held: VaultKeeping
) -> None:
    """Of two card edges one has other keys: the charge waits for the one that can read the card."""
    charge_id, counted = await waiting_charge(api, card_id), unreadable(flaw)
    async with serving_card_edge(api, keeping=held) as other:
        without = tokens_of(other)
        found = await without.token(charge_id, 1)
        await without.close()
        assert other.tokeniser.calls == []
    assert isinstance(found, CardEdgeAway)
    assert f"({flaw})" in found.reason
    assert unreadable(flaw) == counted + 1
    again = tokens_of(edge)
    assert await again.token(charge_id, 1) == CardToken("pm_test_1")
    await again.close()


async def test_charge_waits_while_the_key_service_is_away(api: Api) -> None:
    service = MemoryKeyService()
    served = KEEPING._replace(cipher=CardCipher(VaultKeys([service_key("k2")]), service))
    async with serving_card_edge(api, keeping=served) as edge:
        await edge.enable()
        charge_id = await waiting_charge(api, CardId((await edge.keep("keep")).json()["id"]))
        tokens = tokens_of(edge)
        service.is_away = True
        found = await tokens.token(charge_id, 1)
        assert isinstance(found, CardEdgeAway)
        assert "the key service is away" in found.reason
        assert edge.tokeniser.calls == []
        service.is_away = False
        assert await tokens.token(charge_id, 1) == CardToken("pm_test_1")
        await tokens.close()


async def test_what_a_psp_says_of_a_card_comes_to_the_worker(
    api: Api, edge: CardEdge, tokens: CardEdgeTokens, card_id: CardId
) -> None:
    charge_id = await waiting_charge(api, card_id)
    edge.tokeniser.answers["test"] = REFUSED
    assert await tokens.token(charge_id, 1) == CardRefused(REFUSED.failure)
    for answer in (AWAY, SILENT):
        edge.tokeniser.answers["test"] = answer
        assert await tokens.token(charge_id, 1) == Retryable(reason=f"no token of the card: {answer.reason}")
    edge.tokeniser.answers["test"] = Retryable(reason="not configured", was_called=False)
    found = await tokens.token(charge_id, 1)
    assert isinstance(found, Retryable)
    assert not found.was_called


async def test_no_key_but_the_workers_opens_the_internal_path(
    api: Api, edge: CardEdge, card_id: CardId
) -> None:
    charge_id = await waiting_charge(api, card_id)
    body = {"charge_id": charge_id, "attempt": 1}
    assert (await edge.send("POST", PATH, body=body)).problem() == (401, "api_key_invalid", "Authorization")
    async with (
        aiohttp.ClientSession() as session,
        session.post(edge.url + PATH, data=json.dumps(body)) as answer,
    ):
        assert answer.status == 401
    strange = tokens_of(edge, OTHER_KEY)
    found = await strange.token(charge_id, 1)
    assert isinstance(found, CardEdgeAway)
    assert "FINCORE_CARD_EDGE_TOKEN_SECRET" in found.reason
    await strange.close()
    assert edge.tokeniser.calls == []
    assert (await edge.send("POST", PATH, key=TOKEN_SECRET, body={"charge_id": "x", "attempt": 1})).problem()[
        :2
    ] == (422, "field_invalid")
    assert PATH not in (await edge.get("/openapi.json")).json()["paths"]
    async with serving_card_edge(api, keeping=KEEPING, token_secret=None) as closed:
        assert (await closed.send("POST", PATH, key=TOKEN_SECRET, body=body)).status == 404


async def test_card_edge_that_does_not_answer_is_away(api: Api, card_id: CardId) -> None:
    away = CardEdgeTokens("http://127.0.0.1:9", TOKEN_SECRET, connections_max=1, psp_timeout_seconds=1.0)
    found = await away.token(await waiting_charge(api, card_id), 1)
    assert found == CardEdgeAway("could not connect to the card edge (connection refused)")
    await away.close()
    elsewhere = CardEdgeTokens(api.url, TOKEN_SECRET, connections_max=1, psp_timeout_seconds=1.0)
    assert await elsewhere.token(new_charge_id(), 1) == CardEdgeAway("the card edge answered 404")
    await elsewhere.close()


async def test_card_that_cannot_be_charged_is_named_at_the_api(
    api: Api, edge: CardEdge, card_id: CardId, pool: Pool
) -> None:
    merchant_id = api.merchant_id
    api.merchant_id = await api.merchants.create_merchant("Another")
    theirs = await api.new_key()
    live = await api.new_key(livemode=True, merchant_id=merchant_id)
    api.merchant_id = merchant_id
    method = {"type": "kept_card", "card": card_id}
    for key in (theirs, live):
        assert (await api.charge("k", payment_method=method, key=key)).problem() == (
            404,
            "card_not_found",
            PARAM,
        )
    assert (await charged(api, "k", "card_01kab5m5wvfb9v1c2m5hfv0d2e")).problem()[:2] == (
        404,
        "card_not_found",
    )
    assert (await charged(api, "k", "card_x")).problem() == (422, "field_invalid", PARAM)
    assert (await charged(api, "k", card_id, initiator="bank")).problem()[:2] == (422, "field_invalid")
    await edge.send("DELETE", f"/v1/cards/{card_id}")
    assert (await charged(api, "k", card_id)).problem() == (422, "card_deleted", PARAM)
    several = [{"type": "card", "token": "pm_card_visa"}, method]
    body = {"amount_minor": 1999, "currency": "usd", "payment_methods": several}
    reply = await api.post("/v1/charges", "k", body)
    assert reply.problem() == (422, "card_deleted", "payment_methods[1].card")
    assert await pool.fetchval("select count(*) from eventstore.events") == 0
    async with serving_api(pool) as without:
        assert (await charged(without, "k", card_id)).problem() == (422, "vault_not_configured", PARAM)


async def test_cards_of_a_disabled_merchant_are_not_charged(
    api: Api, edge: CardEdge, card_id: CardId, pool: Pool
) -> None:
    """What staff disable for a merchant ends for its kept cards, too. A charge that waits is not declined by that."""
    charge_id = await waiting_charge(api, card_id)
    await edge.enable(is_enabled=False)
    found = await token_of_a_new_edge(api, charge_id)
    assert found == CardEdgeAway("card numbers are not enabled for the merchant in this mode")
    assert (await charged(api, "k", card_id)).problem() == (403, "raw_cards_not_enabled", PARAM)
    assert await accesses(pool) == []
    await edge.enable()
    assert await token_of_a_new_edge(api, charge_id) == CardToken("pm_test_1")


async def test_replayed_charge_of_a_card_deleted_since_is_answered(
    api: Api, edge: CardEdge, card_id: CardId
) -> None:
    first = await charged(api, "k", card_id)
    await edge.send("DELETE", f"/v1/cards/{card_id}")
    again = await charged(api, "k", card_id)
    assert (again.status, again.body) == (201, first.body)
    assert (await charged(api, "k", card_id, initiator="merchant")).problem()[1] == "idempotency_key_reused"


async def test_card_edge_takes_no_kept_card_itself(edge: CardEdge, card_id: CardId) -> None:
    reply = await edge.charge("k", payment_method={"type": "kept_card", "card": card_id})
    assert reply.problem()[:2] == (422, "field_invalid")


async def test_neither_token_nor_number_is_logged(api: Api, tokens: CardEdgeTokens, card_id: CardId) -> None:
    with structlog.testing.capture_logs() as logs:
        found = await tokens.token(await waiting_charge(api, card_id), 1)
    assert isinstance(found, CardToken)
    assert not [entry for entry in logs if found.token in str(entry) or NUMBER in str(entry)]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"URL": "https://cards.example"},
            "FINCORE_CARD_EDGE_TOKEN_SECRET is missing beside FINCORE_CARD_EDGE_URL",
        ),
        (
            {"TOKEN_SECRET": TOKEN_SECRET.reveal()},
            "FINCORE_CARD_EDGE_URL is missing beside FINCORE_CARD_EDGE_TOKEN_SECRET",
        ),
    ],
)
async def test_worker_that_could_get_no_tokens_does_not_start(
    pool: Pool, given: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        await start_worker(pool, **given)


async def test_worker_without_a_secret_starts_until_cards_are_kept(pool: Pool, edge: CardEdge) -> None:
    """A card edge that keeps no cards needs no secret."""
    await start_worker(pool, PORT="8082")
    card_id = (await edge.keep("keep")).json()["id"]
    with pytest.raises(ConfigurationError, match="TOKEN_SECRET is missing beside FINCORE_CARD_EDGE_PORT"):
        await start_worker(pool, PORT="8082")
    await start_worker(pool)
    await start_worker(pool, PORT="8082", TOKEN_SECRET=TOKEN_SECRET.reveal())
    await edge.send("DELETE", f"/v1/cards/{card_id}")
    await start_worker(pool, PORT="8082")
