"""The card edge: who may send card numbers, what becomes of them, and that nothing of them is kept."""

import hashlib
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from prometheus_client import REGISTRY

from fincore.domain.clock import SystemClock
from fincore.domain.events import ChargeCreated, ChargeFailed, RiskAssessed
from fincore.domain.ids import parse_charge_id, stream_of
from fincore.domain.payment_method import CardToken, UntokenisedCard
from fincore.domain.secret import Secret
from fincore.postgres.pool import Pool
from fincore.write.merchants.merchants import UnknownMerchant
from fincore.write.merchants.raw_card_decisions import RawCardDecisions
from fincore.write.merchants.raw_card_requests import KEPT_DAYS_MIN, RawCardRequests
from fincore.write.raw_cards.number_hmac import NumberHmac
from fincore.write.routing.rule_file import read_rules
from fincore.write.routing.rules import LiveRules
from fixtures.card_edge_server import (
    AWAY,
    CARD,
    KEY,
    NUMBER,
    OTHER_KEY,
    REFUSED,
    SILENT,
    CardEdge,
    serving_card_edge,
)
from fixtures.cases import on_one_installation
from fixtures.merchant_api import Api, serving_api
from fixtures.risk_engines import NamedEngine
from fixtures.routing import paypal, stripe

EU_FIRST = (stripe("eu"), stripe("us"), paypal("shop"))


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


@pytest.fixture
async def edge(api: Api) -> AsyncIterator[CardEdge]:
    async with serving_card_edge(api) as edge:
        await edge.enable()
        yield edge


async def events_of(api: Api, charge_id: str) -> list[object]:
    return [one.event for one in await api.log.load(stream_of(parse_charge_id(charge_id)))]


async def record_of(pool: Pool) -> list[tuple[str, str | None, str | None]]:
    rows = await pool.fetch(
        "select stage, outcome, screened_by from merchants.raw_card_requests order by request_id, stage desc"
    )
    return [tuple(row) for row in rows]


async def test_raw_card_becomes_a_charge_with_a_token_only(api: Api, edge: CardEdge, pool: Pool) -> None:
    reply = await edge.charge("k")
    assert reply.status == 201, reply.body
    (created,) = await events_of(api, reply.json()["id"])
    assert isinstance(created, ChargeCreated)
    assert created.payment_method == CardToken("pm_test_1")
    assert reply.json()["payment_method_details"]["type"] == "card"
    (_, sent), *others = edge.tokeniser.calls
    assert others == []
    assert sent.cvc is not None
    assert (sent.number.reveal(), sent.cvc.reveal(), sent.expiry_month) == (NUMBER, "987", 12)
    assert (
        await pool.fetchval("select count(*) from queue.pgqueuer where entrypoint = 'charge.authorize'") == 1
    )
    assert await record_of(pool) == [("received", None, None), ("answered", "accepted", "no_engine")]


async def test_blocked_card_reaches_no_psp(api: Api, pool: Pool) -> None:
    engine = NamedEngine("block")
    async with serving_card_edge(api, risk=engine) as edge:
        await edge.enable()
        reply = await edge.charge("k", customer={"ip": "192.0.2.7"}, return_url="https://shop.example/back")
        assert reply.problem()[:2] == (402, "charge_failed")
        assert reply.json()["charge"]["failure"]["code"] == "blocked_by_risk"
        assert edge.tokeniser.calls == []
        engine.decision = "allow"
        assert (await edge.charge("other")).status == 201
    blocked, _ = engine.asked
    assert (blocked.first_digits, blocked.payment_token, blocked.can_challenge) == (NUMBER[:6], None, True)
    assert blocked.instrument is not None
    assert (blocked.instrument.brand, blocked.instrument.last4) == ("visa", NUMBER[-4:])
    created, assessed, failed = await events_of(api, reply.json()["charge"]["id"])
    assert isinstance(created, ChargeCreated)
    assert created.payment_method == UntokenisedCard()
    assert isinstance(assessed, RiskAssessed)
    assert isinstance(failed, ChargeFailed)
    assert await pool.fetchval("select count(*) from queue.pgqueuer") == 1
    assert ("answered", "charge_failed", "risk_rules_1") in await record_of(pool)
    assert ("answered", "accepted", "risk_rules_1") in await record_of(pool)


async def test_engine_tells_cards_apart_without_their_numbers(api: Api) -> None:
    engine = NamedEngine("allow")
    async with serving_card_edge(api, risk=engine) as edge:
        await edge.enable()
        for key, number in (("a", NUMBER), ("b", NUMBER), ("c", "5555555555554444")):
            assert (await edge.charge(key, card={"number": number})).status == 201
    first, again, other = (asked.number_hmac for asked in engine.asked)
    assert first == again == NumberHmac(KEY).counted_of(Secret(NUMBER))
    assert other not in {first, None}


async def test_merchant_that_is_not_enabled_reaches_no_psp(api: Api, pool: Pool) -> None:
    async with serving_card_edge(api) as edge:
        for is_enabled in (None, False):
            if is_enabled is not None:
                await edge.enable(is_enabled=True)
                await edge.enable(is_enabled=False)
            assert (await edge.charge("k")).problem()[:2] == (403, "raw_cards_not_enabled")
        assert edge.tokeniser.calls == []
    assert {outcome for _, outcome, _ in await record_of(pool)} == {None, "raw_cards_not_enabled"}


async def test_key_of_the_other_mode_is_not_enabled(api: Api, edge: CardEdge) -> None:
    live = await api.new_key(livemode=True)
    assert (await edge.charge("k", key=live)).problem()[:2] == (403, "raw_cards_not_enabled")


async def test_request_without_a_good_key_is_refused_unrecorded(api: Api, edge: CardEdge, pool: Pool) -> None:
    publishable = await api.new_key(kind="publishable")
    assert (await edge.charge("k", key=publishable)).problem()[:2] == (403, "secret_key_required")
    assert await record_of(pool) == []


async def test_repeated_raw_card_is_not_tokenised_again(edge: CardEdge) -> None:
    first = await edge.charge("k")
    again = await edge.charge("k", card={"cvc": "123"})
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(edge.tokeniser.calls) == 1


async def test_replay_at_another_process_reads_the_row_first(api: Api, edge: CardEdge) -> None:
    first = await edge.charge("k")
    async with serving_card_edge(api) as other:
        again = await other.charge("k")
        assert (again.body, other.tokeniser.calls) == (first.body, [])


@pytest.mark.parametrize(
    "changed",
    [{"number": "5555555555554444"}, {"expiry_month": 11}, {"expiry_year": 2035}, {"holder": "Bob"}],
)
async def test_other_card_under_a_used_key_is_refused(edge: CardEdge, changed: dict[str, object]) -> None:
    await edge.charge("k")
    assert (await edge.charge("k", card=changed)).problem()[:2] == (422, "idempotency_key_reused")
    assert (await edge.charge("k", amount_minor=1)).problem()[:2] == (422, "idempotency_key_reused")
    assert len(edge.tokeniser.calls) == 1


async def test_replay_is_known_after_rotation_of_the_hmac_key(api: Api, edge: CardEdge) -> None:
    first = await edge.charge("k")
    async with serving_card_edge(api, keys=(OTHER_KEY, KEY)) as rotated:
        assert (await rotated.charge("k")).body == first.body
        assert (await rotated.charge("k", card={"number": "5555555555554444"})).status == 422
    async with serving_card_edge(api, keys=(OTHER_KEY, None)) as forgetful:
        assert (await forgetful.charge("k")).status == 422


async def test_card_refused_while_tokenised_is_a_failed_charge(api: Api, edge: CardEdge, pool: Pool) -> None:
    edge.tokeniser.answers["test"] = REFUSED
    before = declined()
    reply = await edge.charge("k")
    assert reply.problem()[:2] == (402, "charge_failed")
    assert declined() - before == 1
    created, failed = await events_of(api, reply.json()["charge"]["id"])
    assert isinstance(created, ChargeCreated)
    assert isinstance(failed, ChargeFailed)
    assert created.payment_method == UntokenisedCard()
    assert failed.code == "incorrect_number"
    assert failed.instrument is not None
    assert (
        await pool.fetchval("select count(*) from queue.pgqueuer where entrypoint = 'charge.authorize'") == 0
    )
    assert (await edge.charge("k")).body == reply.body
    assert declined() - before == 1, "what is told again is no further outcome"
    assert len(edge.tokeniser.calls) == 1
    assert ("answered", "charge_failed", "no_engine") in await record_of(pool)


def declined() -> float:
    """Charges that are counted as declined."""
    labels = {"mode": "test", "psp": "stripe", "psp_account": "test", "outcome": "declined"}
    return REGISTRY.get_sample_value("fincore_charge_outcomes_total", labels) or 0.0


@pytest.mark.parametrize("answer", [AWAY, SILENT])
async def test_unreachable_psp_keeps_nothing_and_can_be_repeated(
    edge: CardEdge, pool: Pool, answer: object
) -> None:
    edge.tokeniser.answers["test"] = answer  # type: ignore[assignment]  # one of two
    reply = await edge.charge("k")
    assert reply.problem()[:2] == (503, "card_not_tokenised")
    assert reply.headers["Retry-After"]
    for table in ("events", "idempotency_keys"):
        assert await pool.fetchval(f"select count(*) from eventstore.{table}") == 0  # noqa: S608 -- our own
    edge.tokeniser.answers.clear()
    assert (await edge.charge("k")).status == 201


async def test_each_account_of_the_plan_gets_its_own_token(api: Api) -> None:
    text = '[[rule]]\nname = "europe"\nwhen = "true"\naccounts = ["stripe/eu", "paypal/shop", "stripe/us"]\n'
    found = read_rules(text)
    assert isinstance(found, tuple)
    rules = LiveRules(1, found)
    async with serving_card_edge(api, accounts=EU_FIRST, rules=rules) as edge:
        await edge.enable()
        (created,) = await events_of(api, (await edge.charge("k")).json()["id"])
        assert isinstance(created, ChargeCreated)
        assert created.plan is not None
        assert [(one.psp_account, one.payment_method) for one in created.plan.attempts] == [
            ("eu", CardToken("pm_eu_1")),
            ("us", CardToken("pm_us_2")),
        ]
        assert [(one.psp_account, one.reason) for one in created.plan.skipped] == [
            ("shop", "payment_method_not_taken")
        ]
        edge.tokeniser.answers["eu"] = AWAY
        (moved,) = await events_of(api, (await edge.charge("k2")).json()["id"])
        assert isinstance(moved, ChargeCreated)
        assert moved.psp_account == "us"
        assert moved.plan is not None
        assert ("eu", "no_token_of_card") in [(one.psp_account, one.reason) for one in moved.plan.skipped]
        edge.tokeniser.answers["eu"] = REFUSED
        assert (await edge.charge("k3")).problem()[1] == "charge_failed"


@on_one_installation(
    ("card", "param", "word"),
    [
        ({"number": "4242424242424241"}, "number", "Luhn"),
        ({"number": "4242 4242 4242 42"}, "number", "digits"),
        ({"number": "9999999999999995"}, "number", "No card network"),
        ({"number": "424242424242"}, "number", "A number of Visa has 16, 18 or 19 digits, not 12."),
        ({"number": "378282246310005"}, "cvc", "4 digits"),
        ({"cvc": "1234"}, "cvc", "3 digits"),
        ({"cvc": "12a"}, "cvc", "3 digits"),
        ({"expiry_year": 2001}, "expiry_year", "expired"),
        ({"expiry_year": 2199}, "expiry_year", "within 50 years"),
        ({"expiry_month": 13}, "expiry_month", "12"),
        ({"number": 4242424242424242}, "number", "string"),
        ({"holder": f"Ada {NUMBER}"}, "holder", "card number"),
    ],
)
async def test_wrong_card_is_refused_in_words_without_it(
    edge: CardEdge, card: dict[str, object], param: str, word: str
) -> None:
    reply = await edge.charge("k", card=card)
    assert reply.problem() == (422, "field_invalid", f"payment_method.card.{param}"), reply.body
    assert word in reply.json()["detail"]
    assert b"4242" not in reply.body
    assert edge.tokeniser.calls == []


async def test_card_number_in_another_field_is_refused(edge: CardEdge) -> None:
    reply = await edge.charge("k", description=f"card {NUMBER}")
    assert reply.problem() == (422, "card_number_not_allowed", "description")


async def test_token_at_the_card_edge_and_card_at_the_api_are_refused(api: Api, edge: CardEdge) -> None:
    token = {"type": "card", "token": "pm_card_visa"}
    assert (await edge.charge("k", payment_method=token)).status == 422
    raw = {"type": "card", "card": dict(CARD)}
    refused = await api.charge("k", payment_method=raw)
    assert refused.status == 422
    assert NUMBER.encode() not in refused.body


async def test_no_security_code_can_be_guessed_from_a_fingerprint(edge: CardEdge, pool: Pool) -> None:
    """Equal for every code: with all else known, nothing that is stored tells one code from another."""
    stored = []
    for place, cvc in enumerate(("987", "123")):
        assert (await edge.charge(f"k{place}", card={"cvc": cvc})).status == 201
        stored.append(
            await pool.fetchval(
                "select fingerprint from eventstore.idempotency_keys where key = $1", f"k{place}"
            )
        )
    assert stored[0] == stored[1]
    guesses = [f"{number}{cvc}" for number, cvc in itertools.product((NUMBER, ""), ("987", "123"))]
    assert stored[0] not in [hashlib.sha256(guess.encode()).digest() for guess in guesses]


async def test_card_edge_is_healthy_and_describes_itself(edge: CardEdge) -> None:
    assert (await edge.get("/readyz")).status == 200
    document = (await edge.get("/openapi.json")).json()
    assert document["paths"]["/v1/charges"]["post"]["operationId"] == "create_raw_card_charge"


async def test_decisions_and_record_can_only_be_added_to(api: Api, edge: CardEdge, pool: Pool) -> None:
    await edge.charge("k")
    decisions = RawCardDecisions(pool, SystemClock())
    await edge.enable(is_enabled=False)
    assert [one.is_enabled for one in await decisions.list(api.merchant_id)] == [True, False]
    for table in ("raw_card_decisions", "raw_card_requests"):
        for verb in ("delete from", "truncate"):
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.RestrictViolationError)):
                await pool.execute(f"{verb} merchants.{table}")
    with pytest.raises(UnknownMerchant):
        await decisions.add(
            type(api.merchant_id)("mer_nobody"), livemode=False, is_enabled=True, by="Ada", reason="none"
        )


async def test_record_is_purged_by_age_and_never_while_young(
    api: Api, edge: CardEdge, pool: Pool, owner_pool: Pool
) -> None:
    """Not even the owner of the table deletes a young row or changes an old one."""
    await edge.charge("k")
    columns = "merchant_id, livemode, key_id, outcome, screened_by"
    for days in (KEPT_DAYS_MIN - 1, KEPT_DAYS_MIN + 1):
        await owner_pool.execute(
            f"insert into merchants.raw_card_requests (request_id, stage, at, {columns}) "  # noqa: S608 -- our own
            f"select 'req_' || $1::integer, stage, at - make_interval(days => $1), {columns} from merchants.raw_card_requests "
            "where at > now() - interval '1 day'",
            days,
        )

    async def ages() -> list[int]:
        rows = await pool.fetch(
            "select distinct extract(day from now() - at)::integer as days from merchants.raw_card_requests order by 1"
        )
        return [row["days"] for row in rows]

    record = RawCardRequests(pool, SystemClock())
    assert await ages() == [0, KEPT_DAYS_MIN - 1, KEPT_DAYS_MIN + 1]
    assert await record.purge(kept_for=timedelta(days=KEPT_DAYS_MIN + 2), rows_max=10) == 0
    assert await record.purge(kept_for=timedelta(days=KEPT_DAYS_MIN), rows_max=1) == 1
    assert await record.purge(kept_for=timedelta(days=KEPT_DAYS_MIN), rows_max=10) == 1
    assert await ages() == [0, KEPT_DAYS_MIN - 1]
    for statement in (
        "delete from merchants.raw_card_requests where at < now() - interval '1 day'",
        "update merchants.raw_card_requests set outcome = null",
        "truncate merchants.raw_card_requests",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner_pool.execute(statement)
    with pytest.raises(asyncpg.RestrictViolationError):
        await record.purge(kept_for=timedelta(days=KEPT_DAYS_MIN - 2), rows_max=10)
