"""/v1/cards of the card edge: what is kept of a card, shown of it, and left of it when it is deleted."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from fincore.domain.ids import CardId, new_card_id
from fincore.postgres.pool import Pool
from fincore.write.vault.card_cipher import CardCipher
from fincore.write.vault.card_fingerprints import CardFingerprint
from fincore.write.vault.kept_rows import KeptRow, KeptRows
from fincore.write.vault.vault_keys import VaultKeys
from fixtures.card_edge_server import KEY, NUMBER, OTHER_KEY, CardEdge, serving_card_edge
from fixtures.key_services import MemoryKeyService, service_key
from fixtures.merchant_api import Api, Reply, serving_api
from fixtures.vault import MASTERCARD, keeping

KEEPING = keeping("k1")
CODE = "987"


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


@pytest.fixture
async def edge(api: Api) -> AsyncIterator[CardEdge]:
    async with serving_card_edge(api, keeping=KEEPING) as edge:
        await edge.enable()
        yield edge


async def row_of(pool: Pool, reply: Reply) -> KeptRow:
    (row,) = [
        one for one in await KeptRows(pool).after("", limit=100) if one.identity.card_id == reply.json()["id"]
    ]
    return row


async def test_kept_card_shows_its_ends_and_is_sealed(edge: CardEdge, pool: Pool, api: Api) -> None:
    reply = await edge.keep("k")
    body = reply.json()
    assert reply.status == 201, reply.body
    assert reply.headers["Location"] == f"/v1/cards/{body['id']}"
    shown = {name: value for name, value in body.items() if name not in ("id", "created_at")}
    assert shown == {
        "object": "card",
        "livemode": False,
        "brand": "visa",
        "first6": "424242",
        "last4": "4242",
        "expiry_month": 12,
        "expiry_year": 2034,
        "deleted_at": None,
    }
    assert (await edge.send("GET", f"/v1/cards/{body['id']}")).json() == body
    row = await row_of(pool, reply)
    card = await KEEPING.cipher.open(row.sealed, row.identity)
    assert card.number.reveal() == NUMBER
    assert card.holder is not None
    assert (card.holder.reveal(), card.cvc) == ("Ada Byron", None)
    assert row.identity.merchant_id == api.merchant_id
    for table in ("vault.cards", "eventstore.idempotency_keys", "merchants.raw_card_requests"):
        for (text,) in await pool.fetch(f"select t::text from {table} t"):  # noqa: S608 -- our own
            assert NUMBER not in text
    assert edge.tokeniser.calls == []
    record = await pool.fetch("select stage, outcome from merchants.raw_card_requests order by stage desc")
    assert [tuple(one) for one in record] == [("received", None), ("answered", "accepted")]


@pytest.mark.parametrize(
    ("number", "brand", "first6"),
    [
        ("378282246310005", "amex", "378282"),
        ("36227206271667", "diners", "362272"),
        ("501800000009", None, None),
    ],
)
async def test_short_number_hides_at_least_four_digits(
    edge: CardEdge, number: str, brand: str | None, first6: str | None
) -> None:
    body = (await edge.keep("k", {"number": number})).json()
    assert (body["brand"], body["first6"], body["last4"]) == (brand, first6, number[-4:])


async def test_security_code_is_refused_and_repeated_nowhere(edge: CardEdge) -> None:
    reply = await edge.keep("k", {"cvc": CODE})
    assert reply.problem() == (422, "field_unknown", "card.cvc")
    assert CODE.encode() not in reply.body


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"number": "4242424242424241"}, "number"),
        ({"expiry_year": 2001}, "expiry_year"),
        ({"holder": f"Ada {NUMBER}"}, "holder"),
    ],
)
async def test_wrong_card_is_not_kept(
    edge: CardEdge, pool: Pool, changes: dict[str, object], param: str
) -> None:
    reply = await edge.keep("k", changes)
    assert reply.problem() == (422, "field_invalid", f"card.{param}")
    assert b"4242" not in reply.body
    assert await pool.fetchval("select count(*) from vault.cards") == 0


async def test_repeated_keeping_keeps_one_card(edge: CardEdge, pool: Pool, api: Api) -> None:
    first, *others = await asyncio.gather(*(edge.keep("k") for _ in range(8)))
    assert {one.body for one in others} == {first.body}
    again = await edge.keep("k")
    assert (again.status, again.body, again.headers["Idempotent-Replayed"]) == (201, first.body, "true")
    assert again.headers["Location"] == first.headers["Location"]
    assert await pool.fetchval("select count(*) from vault.cards") == 1
    async with serving_card_edge(api, keeping=KEEPING, keys=(OTHER_KEY, KEY)) as rotated:
        assert (await rotated.keep("k")).body == first.body
    async with serving_card_edge(api, keeping=KEEPING, keys=(OTHER_KEY, None)) as forgetful:
        assert (await forgetful.keep("k")).problem()[:2] == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    "changed", [{"number": MASTERCARD}, {"expiry_month": 11}, {"expiry_year": 2035}, {"holder": "Bob"}]
)
async def test_other_card_to_keep_under_a_used_key_is_refused(
    edge: CardEdge, pool: Pool, changed: dict[str, object]
) -> None:
    await edge.keep("k")
    assert (await edge.keep("k", changed)).problem()[:2] == (422, "idempotency_key_reused")
    assert (await edge.charge("k")).problem()[:2] == (422, "idempotency_key_reused")
    assert await pool.fetchval("select count(*) from vault.cards") == 1


async def test_card_and_its_key_are_one_commit(edge: CardEdge, pool: Pool, dsn: str) -> None:
    """Neither is there without the other: while one of the two cannot be written, both are missing."""
    owner = await asyncpg.connect(dsn)
    try:
        for table in ("vault.cards", "eventstore.idempotency_keys"):
            await owner.execute(f"alter table {table} add constraint blocked check (false) not valid")
            assert (await edge.keep("k")).status == 500
            for other in ("vault.cards", "eventstore.idempotency_keys"):
                assert await pool.fetchval(f"select count(*) from {other}") == 0  # noqa: S608 -- our own
            await owner.execute(f"alter table {table} drop constraint blocked")
    finally:
        await owner.close()
    assert (await edge.keep("k")).status == 201


async def test_same_number_of_one_merchant_has_one_fingerprint(edge: CardEdge, pool: Pool, api: Api) -> None:
    async def fingerprint(key: str, changes: dict[str, object] | None = None) -> CardFingerprint:
        return (await row_of(pool, await edge.keep(key, changes))).fingerprint

    first = await fingerprint("k1")
    assert await fingerprint("k2", {"expiry_year": 2035, "holder": None}) == first
    assert await fingerprint("k3", {"number": MASTERCARD}) != first


async def test_deleted_card_is_a_tombstone_without_keys(edge: CardEdge, pool: Pool) -> None:
    body = (await edge.keep("k")).json()
    path = f"/v1/cards/{body['id']}"
    for _ in range(2):
        assert (await edge.send("DELETE", path)).status == 204
    after = (await edge.send("GET", path)).json()
    assert after["deleted_at"] is not None
    assert after | {"deleted_at": None} == body | {"first6": None}
    assert (await edge.send("GET", "/v1/cards")).json()["data"] == []
    row = await pool.fetchrow("select * from vault.cards")
    assert row is not None
    erased = (
        "key_id",
        "key_check",
        "wrapped_key",
        "content",
        "fingerprint",
        "fingerprint_key_check",
        "first6",
    )
    assert {row[column] for column in erased} == {None}
    assert await KeptRows(pool).after("", limit=10) == []
    assert (await edge.keep("k")).json()["id"] == body["id"]


async def test_cards_are_listed_by_pages_and_seen_by_their_owner_only(api: Api, edge: CardEdge) -> None:
    made = [(await edge.keep(f"k{number}")).json()["id"] for number in range(5)]
    seen: list[CardId] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await edge.send("GET", f"/v1/cards?limit=2{cursor and f'&cursor={cursor}'}")).json()
        seen += [one["id"] for one in page["data"]]
        cursor = page["next_cursor"]
    assert seen == made[::-1]
    live = await api.new_key(livemode=True)
    stranger = await api.new_key(merchant_id=await api.merchants.create_merchant("Another"))
    for key in (live, stranger):
        assert (await edge.send("GET", "/v1/cards", key=key)).json()["data"] == []
        for method in ("GET", "DELETE"):
            refused = await edge.send(method, f"/v1/cards/{made[0]}", key=key)
            assert refused.problem() == (404, "card_not_found", "card_id")
    assert (await edge.send("GET", f"/v1/cards/{made[0]}")).json()["deleted_at"] is None


async def test_unknown_card_and_parameter_are_refused(edge: CardEdge) -> None:
    for card_id in (new_card_id(), "card_x", NUMBER):
        assert (await edge.send("GET", f"/v1/cards/{card_id}")).problem()[1] == "card_not_found"
    assert (await edge.send("GET", "/v1/cards?brand=visa")).problem()[1] == "parameter_unknown"


async def test_card_is_kept_only_where_enabled_and_with_a_vault(api: Api, pool: Pool) -> None:
    async with serving_card_edge(api) as edge:
        assert (await edge.keep("k")).problem()[:2] == (403, "raw_cards_not_enabled")
        await edge.enable()
        publishable = await api.new_key(kind="publishable")
        assert (await edge.keep("k", key=publishable)).problem()[:2] == (403, "secret_key_required")
    async with serving_card_edge(api) as edge:
        assert (await edge.keep("k")).problem()[:2] == (422, "vault_not_configured")
    outcomes = {one["outcome"] for one in await pool.fetch("select outcome from merchants.raw_card_requests")}
    assert outcomes == {None, "raw_cards_not_enabled", "vault_not_configured"}


async def test_card_is_kept_once_when_the_key_service_is_back(api: Api, pool: Pool) -> None:
    service = MemoryKeyService()
    served = keeping("k1")._replace(cipher=CardCipher(VaultKeys([service_key("k2")]), service))
    async with serving_card_edge(api, keeping=served) as edge:
        await edge.enable()
        service.is_away = True
        refused = await edge.keep("k")
        assert refused.problem() == (503, "key_service_unavailable", None)
        assert int(refused.headers["Retry-After"]) > 0
        assert await pool.fetchval("select count(*) from vault.cards") == 0
        service.is_away = False
        kept = await edge.keep("k")
        calls = service.calls
        service.is_away = True
        assert (await edge.keep("k")).body == kept.body
        assert service.calls == calls
    assert kept.status == 201
    assert await pool.fetchval("select count(*) from vault.cards") == 1
