"""No card number, key or secret in any log, row, job, trace or answer, though they were sent in the wrong fields."""

import asyncio
import re
import secrets
import urllib.request
from base64 import b64encode
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote
from uuid import uuid4

import aiohttp
import msgspec
import psycopg
import pytest
from harness.installation import Merchant

from fixtures.otlp_receiver import OtlpReceiver
from fixtures.shop import Reply, Shop
from fixtures.system import System, running_system
from fixtures.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.timeout(600)

CARDS_FILE: Final = Path(__file__).parents[2] / "src/psp_sandbox/stripe/cards.json"
CARDS: Final[list[str]] = [card["number"] for card in msgspec.json.decode(CARDS_FILE.read_bytes())]
"""The numbers of the published test cards: what a card number looks like, and cannot be charged."""
VISA, AMEX = CARDS[0], "378282246310005"
TOKEN: Final = "t0kenOfTheMerchants"
NUMBER_KEY: Final = b64encode(secrets.token_bytes(32)).decode()
VAULT_KEYS: Final = [b64encode(secrets.token_bytes(32)).decode() for _ in range(3)]
"""The key that encrypts kept cards, the one before it, and that of fingerprints."""
TOKEN_SECRET: Final = b64encode(secrets.token_bytes(32)).decode()
HOLDER: Final = "Zenobia Quillfeather"
TOKENS_PATH: Final = "/v1/payment_methods"
WRONG_KEY: Final = f"sk_test_{'K3yThatNobodyHas' * 2}"


class Place(NamedTuple):
    """A text to be searched, and where it was."""

    name: str
    text: str


class Haystack(NamedTuple):
    """Everything a system wrote, and everything it answered."""

    logs: list[Place]
    rows: list[Place]
    answers: list[Place]

    @property
    def places(self) -> list[Place]:
        """All of it."""
        return [*self.logs, *self.rows, *self.answers]


def needle(secret: str) -> re.Pattern[str]:
    """A secret in each spelling: card numbers with spaces and dashes, too."""
    if not secret.isdigit():
        return re.compile(re.escape(secret))
    return re.compile(r"(?<![0-9])" + r"[ -]?".join(secret) + r"(?![0-9])")


def found(secret: str, places: list[Place]) -> list[str]:
    """Where a secret stands."""
    pattern = needle(secret)
    return [place.name for place in places if pattern.search(place.text)]


def rows_of_every_table(system: System) -> Iterator[Place]:
    """Every value of every column as text; bytes are read as the text they may hold."""
    with psycopg.connect(system.dsn, autocommit=True) as connection:
        columns = connection.execute(
            """
            select c.table_schema, c.table_name, c.column_name, c.data_type
            from information_schema.columns c
            join information_schema.tables t using (table_schema, table_name)
            where t.table_type = 'BASE TABLE' and c.table_schema not in ('pg_catalog', 'information_schema')
            """
        ).fetchall()
        for schema, table, column, data_type in columns:
            value = f"encode(\"{column}\", 'escape')" if data_type == "bytea" else f'"{column}"::text'
            statement = f'select {value} from "{schema}"."{table}" where "{column}" is not null'  # noqa: S608 -- names from the catalogue
            for (text,) in connection.execute(statement.encode()):
                yield Place(f"{schema}.{table}.{column}", text)


def traces(collector: OtlpReceiver, last: str) -> list[Place]:
    """What roles exported, once a span of the name `last` came: as it came, and as it is read."""
    collector.until(f"{last} is exported", lambda spans: any(one.name == last for one in spans))
    as_read = [Place(f"trace, {span.name}", repr(span)) for span in collector.spans]
    return as_read + [Place("traces as they came", body.decode("latin-1")) for body in collector.bodies]


def everything(system: System, answers: list[Place]) -> Haystack:
    """What the system wrote up to now."""
    logs = [
        Place(f"log of {name}", line) for name, text in system.logs().items() for line in text.splitlines()
    ]
    return Haystack(logs, list(rows_of_every_table(system)), answers)


async def send_where_it_does_not_belong(shop: Shop, card: str) -> list[tuple[str, Reply]]:
    """A card number in every field, header, parameter and path there is, in several spellings."""
    spaced = " ".join(re.findall("....?", card))
    dashed = spaced.replace(" ", "-")
    good = {"amount_minor": 1000, "currency": "usd", "payment_method": "pm_card_visa"}
    bodies: dict[str, dict[str, Any]] = {
        "amount_minor": good | {"amount_minor": int(card)},
        "amount_minor as text": good | {"amount_minor": card},
        "currency": good | {"currency": card},
        "payment_method": good | {"payment_method": card},
        "payment_method, prefixed": good | {"payment_method": f"pm_{card}"},
        "capture": good | {"capture": card},
        "description": good | {"description": f"card {spaced} exp 12/30"},
        "customer_email": good | {"customer_email": f"{card}@example.com"},
        "metadata value": good | {"metadata": {"card": dashed}},
        "metadata key": good | {"metadata": {card: "card"}},
        "metadata key of a wrong value": good | {"metadata": {card: 1}},
        "metadata as text": good | {"metadata": card},
        "unknown field": good | {"card": {"number": card}},
        "unknown field's name": good | {card: True},
    }
    replies = []
    for name, body in bodies.items():
        headers = {"Idempotency-Key": str(uuid4())}
        replies.append((name, await shop.request("POST", "/v1/charges", headers=headers, json=body)))
    wild: dict[str, tuple[str, str, dict[str, str], bytes | None]] = {
        "Idempotency-Key": ("POST", "/v1/charges", {"Idempotency-Key": card}, msgspec.json.encode(good)),
        "broken JSON": ("POST", "/v1/charges", {"Idempotency-Key": "k"}, f'{{"number": {card}'.encode()),
        "JSON of another kind": ("POST", "/v1/charges", {"Idempotency-Key": "k"}, f'["{card}"]'.encode()),
        "path": ("GET", f"/v1/charges/{card}", {}, None),
        "unknown path": ("GET", f"/v1/cards/{card}", {}, None),
        "cursor": ("GET", f"/v1/charges?cursor={card}", {}, None),
        "status": ("GET", f"/v1/charges?status={card}", {}, None),
        "limit": ("GET", f"/v1/charges?limit={card}", {}, None),
        "parameter's name": ("GET", f"/v1/charges?{card}=1", {}, None),
        "parameter twice": ("GET", f"/v1/charges?metadata[{card}]=1&metadata[{card}]=2", {}, None),
        "metadata filter": ("GET", f"/v1/charges?metadata[{quote(spaced)}]={card}", {}, None),
        "Authorization": ("GET", "/v1/charges", {"Authorization": f"Bearer {card}"}, None),
        "Prefer": ("GET", "/v1/charges", {"Prefer": f"wait={card}"}, None),
        "Request-Id": ("GET", "/v1/charges", {"Request-Id": card, "User-Agent": card}, None),
        "traceparent": ("GET", "/v1/charges", {"traceparent": f"00-{card:a<32}-{'b' * 16}-01"}, None),
        "traceparent's span": ("GET", "/v1/charges", {"traceparent": f"00-{'b' * 32}-{card:a<16}-01"}, None),
        "tracestate": ("GET", "/v1/charges", {"tracestate": f"vendor={card}"}, None),
        "webhook": (
            "POST",
            "/webhooks/stripe/test",
            {"Stripe-Signature": f"t={card},v1={card}"},
            card.encode(),
        ),
        "webhook's account": ("POST", f"/webhooks/stripe/{card}", {}, b"{}"),
    }
    for name, (method, path, headers, data) in wild.items():
        replies.append(
            (
                name,
                await shop.request(
                    method, path, headers={"Content-Type": "application/json"} | headers, data=data
                ),
            )
        )
    return replies


@pytest.fixture(scope="module")
def collector() -> Iterator[OtlpReceiver]:
    with OtlpReceiver() as collector:
        yield collector


@pytest.fixture(scope="module")
def system(collector: OtlpReceiver) -> Iterator[System]:
    """A system that logs and traces all it can, and tells merchants on this machine."""
    settings = {
        "FINCORE_TRACE_OTLP_URL": collector.url,
        "FINCORE_TRACE_RATE": "1",
        "FINCORE_LOG_LEVEL": "debug",
        "FINCORE_ACCESS_LOG_RATE": "1",
        "FINCORE_WEBHOOKS_ALLOW_LOOPBACK": "true",
        "FINCORE_CARD_EDGE_HMAC_KEY": NUMBER_KEY,
        "FINCORE_CARD_EDGE_TOKEN_SECRET": TOKEN_SECRET,
        "FINCORE_VAULT_KEYS": f"now:{VAULT_KEYS[0]},before:{VAULT_KEYS[1]}",
        "FINCORE_VAULT_FINGERPRINT_KEY": VAULT_KEYS[2],
    }
    with running_system(settings=settings) as system:
        system.start("card-edge")
        yield system


@pytest.fixture(scope="module")
def merchant(system: System) -> Merchant:
    """A merchant with a key made by the command line, which shows it once."""
    return system.new_merchant()


REFUSED_FIELDS: Final = {
    "payment_method",
    "payment_method, prefixed",
    "description",
    "customer_email",
    "metadata value",
    "metadata key",
    "currency",
}


async def test_secrets_sent_in_any_field_are_stored_and_logged_nowhere(
    system: System, merchant: Merchant, collector: OtlpReceiver
) -> None:
    answers: list[Place] = []
    with WebhookReceiver() as receiver:
        async with Shop(system, merchant.api_key) as shop:
            endpoint = (await shop.operate("/v1/webhook_endpoints", {"url": f"{receiver.url}/{TOKEN}"})).json
            path = f"/v1/webhook_endpoints/{endpoint['id']}"
            # One that does not arrive at first, and both secrets signing.
            receiver.statuses.append(500)
            rotated = (await shop.operate(f"{path}/rotate_secret")).json
            await everything_is_tried(system, shop, answers)
            answers.append(Place("GET endpoint", (await shop.request("GET", path)).body.decode()))
            system.until_idle()
            system.until(
                "every webhook was delivered",
                lambda: not system.rows("select from notify.deliveries where status <> 'delivered' limit 1"),
            )
        assert receiver.waiting() >= 10
    commands = (
        ("key", "list", merchant.merchant_id),
        ("jobs", "dead"),
        ("settings",),
        ("webhooks", "failing"),
        ("webhooks", "given-up"),
        ("webhooks", "reencrypt"),
    )
    for command in commands:
        assert system.fincore(*command).code == 0
    answers += [
        *traces(collector, "deliver webhook"),
        metrics_of(system, "api"),
        metrics_of(system, "notify"),
    ]
    assert any("trace_id=" in place.text for place in answers if place.name.startswith("metrics"))
    haystack = everything(system, answers)
    assert len(haystack.logs) > 50
    assert len({place.name for place in haystack.rows}) > 50
    needles = {
        "an API key": merchant.api_key,
        "a key nobody has": WRONG_KEY,
        "the Stripe key": system.stripe_key,
        "the webhook secret": system.webhook_secret,
        "the secret of the merchant's endpoint": rotated["secret"],
        "the secret before it": endpoint["secret"],
        "the key of the secrets": system.secrets_key,
        **{f"card {card[:4]}...": card for card in CARDS},
    }
    leaks = {name: where for name, secret in needles.items() if (where := found(secret, haystack.places))}
    assert leaks == {}
    # The merchant's URL is the merchant's to see; it may hold a token, and no log needs it.
    assert set(found(TOKEN, haystack.rows)) == {
        "notify.endpoints.url",
        "eventstore.idempotency_keys.response_body",
    }
    assert found(TOKEN, haystack.logs) == []


async def everything_is_tried(system: System, shop: Shop, answers: list[Place]) -> None:
    """Traffic of every fate, then cards and keys where they do not belong; what is answered is added to `answers`."""
    # Traffic of every fate first: what a system writes on a good day, and on a bad one.
    system.sandbox.add_fault("error_500_after_apply", match={"payment_method": "pm_card_jcb"})
    for payment_method in (
        "pm_card_visa",
        "pm_card_jcb",
        "pm_card_visa_chargeDeclined",
        "pm_card_radarBlock",
    ):
        charge = await shop.charge(payment_method, metadata={"order": "6735"})
        charge = await shop.until_status(charge["id"])
        answers.append(Place("GET /v1/charges/...", str(charge)))
    for card in (VISA, AMEX):
        for name, reply in await send_where_it_does_not_belong(shop, card):
            answers.append(Place(f"answer to a card in {name}", f"{reply.headers} {reply.body.decode()}"))
            if name in REFUSED_FIELDS:
                assert (reply.status, reply.json["code"]) == (422, "card_number_not_allowed"), name
            assert reply.status < 500, name
    for scheme in ("Bearer", "Basic"):
        refused = await shop.request("GET", "/v1/charges", headers={"Authorization": f"{scheme} {WRONG_KEY}"})
        assert refused.status == 401
        answers.append(Place("answer to a wrong key", refused.body.decode()))


class Sent(NamedTuple):
    """A card as it is sent to the card edge. Each number is of a published test card, or of none."""

    number: str
    cvc: str = "739"


PAYS, DECLINED = Sent("5555555555554444"), Sent("4000000000009995")
PAYS_WITH_AMEX = Sent("378282246310005", "7391")
REFUSED = Sent("4111111111111111")
"""No card of the sandbox: it is refused while it is made into a token."""
TIMES_OUT, KILLED, MISTYPED = Sent("4000056655665556"), Sent("5200828282828210"), Sent("4012888888881882")


def pieces(card: Sent) -> dict[str, re.Pattern[str]]:
    """What may not be left of a card: its number in each spelling, each part that shows more than its ends, its code."""
    number = card.number
    runs = {number[start : start + 8] for start in range(1, len(number) - 7)}
    encoded = [
        b64encode(number.encode()).decode().rstrip("="),
        number.encode().hex(),
        quote(f"{number[:4]} {number[4:8]}"),
    ]
    texts = [run for run in runs if len(set(run)) > 2] + encoded
    return {
        f"number ...{number[-4:]}": needle(number),
        f"part of ...{number[-4:]}": re.compile("|".join(map(re.escape, texts))),
        f"code of ...{number[-4:]}": re.compile(rf"[\"'=]{card.cvc}(?![0-9])"),
    }


async def send_card(system: System, merchant: Merchant, card: Sent) -> tuple[int, Place]:
    """The status of a charge by card number, and all that was answered."""
    body = {
        "amount_minor": 1999,
        "currency": "usd",
        "payment_method": {
            "type": "card",
            "card": {
                "number": card.number,
                "expiry_month": 11,
                "expiry_year": 2037,
                "cvc": card.cvc,
                "holder": HOLDER,
            },
        },
    }
    headers = {
        "Authorization": f"Bearer {merchant.api_key}",
        "Idempotency-Key": str(uuid4()),
        "Prefer": "wait=20",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{system.card_edge_url}/v1/charges", json=body, headers=headers) as answer,
    ):
        text = f"{dict(answer.headers)} {await answer.text()}"
        return answer.status, Place(f"answer to ...{card.number[-4:]}", text)


Answered = tuple[int, dict[str, Any], Place]
KEPT, DELETED, KEPT_BY_HALF = Sent("5105105105105100"), Sent("6011111111111117"), Sent("6011000990139424")


async def card_request(
    system: System, merchant: Merchant, method: str, path: str, sent: Sent | dict[str, Any] | None = None
) -> Answered:
    """The status, body and whole text of the answer to a request about cards, or for a charge; a card is one to keep."""
    body: object = sent
    server = system.card_edge_url if path.startswith("/v1/cards") else system.api_url()
    if isinstance(sent, Sent):
        ends = {"expiry_month": 11, "expiry_year": 2037, "holder": HOLDER}
        body = {"card": {"number": sent.number, **ends}}
    headers = {
        "Authorization": f"Bearer {merchant.api_key}",
        "Idempotency-Key": str(uuid4()),
        "Prefer": "wait=20",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{server}{path}", json=body, headers=headers) as answer,
    ):
        text = await answer.text()
        place = Place(f"answer to {method} {path}", f"{dict(answer.headers)} {text}")
        return answer.status, msgspec.json.decode(text) if text else {}, place


def metrics_of(system: System, name: str) -> Place:
    """Everything that a role shows to Prometheus."""
    request = urllib.request.Request(  # noqa: S310 -- our own
        f"{system.ops_url(name)}/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 -- our own
        return Place(f"metrics of {name}", answer.read().decode())


async def test_raw_cards_of_every_fate_leave_nothing_behind(system: System, collector: OtlpReceiver) -> None:
    """Paid, declined, refused while tokenised, unanswered, mistyped, not enabled, and killed -9 in the middle."""
    merchant, stranger = system.new_merchant(), system.new_merchant()
    enabled = system.fincore(
        "merchant", "raw-cards", "enable", merchant.merchant_id, "--by=Ada", "--reason=SAQ D 2026"
    )
    assert "The live risk rules screen these requests" in enabled.stdout
    limits = Path(f"/proc/{system.pid('card-edge')}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)
    answers: list[Place] = []
    fates = [(PAYS, 201), (PAYS_WITH_AMEX, 201), (DECLINED, 402), (REFUSED, 402), (MISTYPED, 422)]
    for card, status in fates:
        got, answer = await send_card(system, merchant, card)
        answers.append(answer)
        assert got == status, answer
    got, answer = await send_card(system, stranger, PAYS)
    answers.append(answer)
    assert got == 403
    system.sandbox.add_fault("timeout_before_apply", seconds=8, match={"path": TOKENS_PATH})
    got, answer = await send_card(system, merchant, TIMES_OUT)
    answers.append(answer)
    assert got == 503
    answers.append(metrics_of(system, "card-edge"))

    unanswered = (
        "select 1 from merchants.raw_card_requests r where not exists (select from merchants.raw_card_requests a "
        "where a.request_id = r.request_id and a.stage = 'answered')"
    )
    system.sandbox.add_fault("slow", seconds=3, match={"path": TOKENS_PATH})
    cut_off = asyncio.create_task(send_card(system, merchant, KILLED))
    await asyncio.to_thread(
        system.until, "the request is under way", lambda: len(system.rows(unanswered)) == 1
    )
    system.kill("card-edge")
    with pytest.raises(aiohttp.ClientError):
        await cut_off
    system.start("card-edge")
    system.until_idle()
    assert len(system.rows(unanswered)) == 1
    answers += [metrics_of(system, name) for name in ("card-edge", "api", "worker")]
    answers += traces(collector, "job charge.authorize")
    assert "fincore-card-edge" in {span.service for span in collector.spans}
    places = everything(system, answers).places
    needles = {"the HMAC key": needle(NUMBER_KEY)}
    for card in (PAYS, PAYS_WITH_AMEX, DECLINED, REFUSED, MISTYPED, TIMES_OUT, KILLED):
        needles |= pieces(card)
    leaks = {
        name: where
        for name, pattern in needles.items()
        if (where := [place.name for place in places if pattern.search(place.text)])
    }
    assert leaks == {}
    # Stripe repeats the holder's name in its webhooks, which are kept as they came.
    assert set(found(HOLDER, places)) == {"eventstore.inbox.body"}


async def killed_while(
    system: System, statement: str, request: Coroutine[Any, Any, Answered]
) -> asyncio.Task[Answered]:
    """Kill -9 the card edge in the middle of a request, when a statement finds a row, and start it again."""
    cut_off = asyncio.create_task(request)
    await asyncio.to_thread(system.until, "the request is under way", lambda: bool(system.rows(statement)))
    system.kill("card-edge")
    system.start("card-edge")
    return cut_off


def secrets_of_the_vault() -> dict[str, re.Pattern[str]]:
    """The keys, the secret of the workers, and what is encrypted beside the numbers."""
    needles = {f"vault key {place}": needle(key) for place, key in enumerate(VAULT_KEYS)}
    return needles | {"the secret of the workers": needle(TOKEN_SECRET), "the holder": needle(HOLDER)}


def tokens_at_stripe(system: System, *charges: dict[str, Any]) -> re.Pattern[str]:
    """The tokens that charges were paid with."""
    intents = [system.stripe_shows(f"/v1/payment_intents/{one['psp_reference']}") for one in charges]
    return re.compile("|".join(intent["payment_method"] for intent in intents))


async def test_kept_cards_leave_nothing_readable_behind(system: System) -> None:
    """Kept, shown, charged, declined, deleted, mistyped, killed -9 in the middle; and what the commands of the vault print."""
    merchant = system.new_merchant()
    system.fincore("merchant", "raw-cards", "enable", merchant.merchant_id, "--by=Ada", "--reason=SAQ D 2026")
    answers: list[Place] = []

    async def asked(
        method: str, path: str, status: int, sent: Sent | dict[str, Any] | None = None
    ) -> dict[str, Any]:
        got, body, place = await card_request(system, merchant, method, path, sent)
        answers.append(place)
        assert got == status, place
        return body

    def charge_of(card: dict[str, Any]) -> dict[str, Any]:
        method = {"type": "kept_card", "card": card["id"]}
        return {"amount_minor": 1999, "currency": "usd", "payment_method": method}

    kept = await asked("POST", "/v1/cards", 201, KEPT)
    deleted = await asked("POST", "/v1/cards", 201, DELETED)
    declined = await asked("POST", "/v1/cards", 201, DECLINED)
    paid = await asked("POST", "/v1/charges", 201, charge_of(kept))
    assert (paid["status"], paid["payment_method_details"]["card"]["last4"]) == (
        "succeeded",
        KEPT.number[-4:],
    )
    await asked("POST", "/v1/charges", 402, charge_of(declined))
    await asked("DELETE", f"/v1/cards/{deleted['id']}", 204)
    await asked("POST", "/v1/charges", 422, charge_of(deleted))
    for path in (f"/v1/cards/{kept['id']}", f"/v1/cards/{deleted['id']}", "/v1/cards"):
        await asked("GET", path, 200)
    await asked("POST", "/v1/cards", 422, MISTYPED)
    await asked("GET", f"/v1/cards/{KEPT.number}", 404)

    # The row of the card waits for this lock; the number is in the memory of the edge, and its transaction open.
    waiting = (
        "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'insert into vault.cards'"
    )
    with psycopg.connect(system.dsn) as other:
        other.execute("lock table vault.cards in exclusive mode")
        half = card_request(system, merchant, "POST", "/v1/cards", KEPT_BY_HALF)
        cut_off = await killed_while(system, waiting, half)
        with pytest.raises(aiohttp.ClientError):
            await cut_off
    # The card was opened, and the PSP does not answer yet.
    system.sandbox.add_fault("slow", seconds=3, match={"path": TOKENS_PATH})
    opened = "select 1 from vault.accesses where purpose = 'charge' offset 2"
    once_more = card_request(system, merchant, "POST", "/v1/charges", charge_of(kept))
    status, body, place = await (await killed_while(system, opened, once_more))
    answers.append(place)
    system.until_idle()
    assert (status, body["status"]) == (201, "succeeded"), place
    commands = ("keys", "verify", "rotate", "access")
    for command in commands:
        done = system.fincore("vault", command)
        assert done.code == 0, done
        answers.append(Place(f"fincore vault {command}", done.stdout + done.stderr))
    assert re.search(r"now +[0-9a-f]{16} +2 +current\n", answers[-4].text)
    assert re.search(rf"{kept['id']}  charge +{paid['id']} +1 +stripe/test +card-edge, ", answers[-1].text)
    answers.append(metrics_of(system, "card-edge"))
    places = everything(system, answers).places
    assert {place.text for place in places if place.name == "vault.cards.card_id"} == {
        one["id"] for one in (kept, deleted, declined)
    }
    needles = secrets_of_the_vault() | {"the tokens": tokens_at_stripe(system, paid, body)}
    for card in (KEPT, DECLINED, DELETED, MISTYPED, KEPT_BY_HALF):
        needles |= pieces(card)
    leaks = {
        name: where
        for name, pattern in needles.items()
        if (where := [place.name for place in places if pattern.search(place.text)])
    }
    # Stripe repeats both in its webhooks, which are kept as they came.
    for told_by_stripe in ("the holder", "the tokens"):
        assert set(leaks.pop(told_by_stripe, ())) <= {"eventstore.inbox.body"}
    assert leaks == {}


def test_the_search_would_find_what_leaked(system: System) -> None:
    """The proof that the test above can fail: what is planted is found in every place."""
    spaced = f"{VISA[:4]} {VISA[4:8]} {VISA[8:12]} {VISA[12:]}"
    system.execute(
        "create table public.planted (as_text text, as_json jsonb, as_bytes bytea)",
        f"insert into public.planted values ('{VISA}', '{{\"a\": [\"{spaced}\"]}}', 'x{system.stripe_key}')",  # noqa: S608 -- our own
    )
    try:
        with (system.folder / "logs" / "planted.log").open("w", encoding="utf-8") as log:
            log.write(f'{{"event": "leak", "card": "{VISA}"}}\n')
        haystack = everything(system, [Place("answer", f'{{"detail": "{spaced}"}}')])
    finally:
        system.execute("drop table public.planted")
        (system.folder / "logs" / "planted.log").unlink(missing_ok=True)
    assert found(VISA, haystack.places) == [
        "log of planted",
        "public.planted.as_text",
        "public.planted.as_json",
        "answer",
    ]
    assert found(system.stripe_key, haystack.rows) == ["public.planted.as_bytes"]
