"""Bad input of every kind: a problem that names what is wrong, and nothing written."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from fincore.postgres.pool import Pool
from fixtures.merchant_api import Api, Reply, serving_api

CARD = "4242424242424242"
HEADERS = {"Idempotency-Key": "k", "Content-Type": "application/json"}
GOOD = {"amount_minor": 1999, "currency": "usd", "payment_method": "pm_card_visa"}

Problem = tuple[int, str, str | None]


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


async def post(api: Api, body: bytes, headers: Mapping[str, str] = HEADERS) -> Reply:
    return await api.request("POST", "/v1/charges", headers=headers, data=body)


def good(**changes: Any) -> bytes:
    return json.dumps(GOOD | changes).encode()


def method(kind: str, *, urls: Mapping[str, str] | None = None, **fields: object) -> bytes:
    return good(payment_method={"type": kind, **fields}, **(urls or {}))


def methods(sent: object) -> bytes:
    return json.dumps({"amount_minor": 1999, "currency": "usd", "payment_methods": sent}).encode()


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in GOOD.items() if key != name}).encode()


def invalid(param: str | None) -> Problem:
    return 422, "field_invalid", param


def card(param: str) -> Problem:
    return 422, "card_number_not_allowed", param


def amount(code: str) -> Problem:
    return 422, code, "amount_minor"


NOT_JSON: Problem = (400, "json_invalid", None)
NOT_STORABLE = "text_not_storable"

BODIES: dict[str, tuple[bytes, Problem]] = {
    "empty": (b"", NOT_JSON),
    "cut": (b'{"amount_minor":1', NOT_JSON),
    "two values": (good() + b"{}", NOT_JSON),
    "not utf-8": (good(description="x").replace(b'"x"', b'"\xff"'), NOT_JSON),
    "utf-16": (good().decode().encode("utf-16"), NOT_JSON),
    "byte order mark": (b"\xef\xbb\xbf" + good(), NOT_JSON),
    "NaN": (good().replace(b"1999", b"NaN"), NOT_JSON),
    "single quotes": (good().replace(b'"', b"'"), NOT_JSON),
    "deep nesting": (b"[" * 60_000, invalid(None)),
    "form": (b"amount_minor=1999&currency=usd", NOT_JSON),
    "array": (b"[" + good() + b"]", invalid(None)),
    "null": (b"null", invalid(None)),
    "text": (b'"charge"', invalid(None)),
    "amount missing": (without("amount_minor"), (422, "field_missing", "amount_minor")),
    "currency missing": (without("currency"), (422, "field_missing", "currency")),
    "method missing": (without("payment_method"), (422, "field_missing", "payment_method")),
    "amount zero": (good(amount_minor=0), amount("amount_too_small")),
    "amount negative": (good(amount_minor=-1), amount("amount_too_small")),
    "amount above eight digits": (good(amount_minor=100_000_000), amount("amount_too_large")),
    "rupiah above twelve digits": (
        good(amount_minor=10**12, currency="idr"),
        amount("amount_too_large"),
    ),
    "amount huge": (good(amount_minor=10**400), amount("amount_too_large")),
    "dinar finer than stripe": (
        good(amount_minor=5_124, currency="kwd"),
        amount("amount_not_expressible"),
    ),
    "currency not at the psp": (
        good(currency="GHS"),
        (422, "currency_not_supported", "currency"),
    ),
    "currency of the past": (good(currency="BGN"), (422, "currency_unknown", "currency")),
    "amount fractional": (good(amount_minor=19.99), invalid("amount_minor")),
    "amount as text": (good(amount_minor="1999"), invalid("amount_minor")),
    "amount null": (good(amount_minor=None), invalid("amount_minor")),
    "amount true": (good(amount_minor=True), invalid("amount_minor")),
    "amount infinite": (good().replace(b"1999", b"1e999"), invalid("amount_minor")),
    "currency unknown": (good(currency="xyz"), (422, "currency_unknown", "currency")),
    "currency without payments": (good(currency="xau"), (422, "currency_unknown", "currency")),
    "currency empty": (good(currency=""), (422, "currency_unknown", "currency")),
    "currency number": (good(currency=840), invalid("currency")),
    "currency like usd": (good(currency="uѕd"), (422, "currency_unknown", "currency")),  # noqa: RUF001 -- the point
    "method empty": (good(payment_method=""), invalid("payment_method")),
    "method too long": (good(payment_method="x" * 256), invalid("payment_method")),
    "method with newline": (good(payment_method="pm_card_visa\n"), invalid("payment_method")),
    "method with dot": (good(payment_method="pm.card"), invalid("payment_method")),
    "method is a card": (good(payment_method=CARD), card("payment_method")),
    "method is a dashed card": (good(payment_method="4242-4242-4242-4242"), card("payment_method")),
    "method a number": (good(payment_method=5), invalid("payment_method")),
    "method null": (good(payment_method=None), invalid("payment_method")),
    "method a list": (good(payment_method=["pm_card_visa"]), invalid("payment_method")),
    "method without type": (
        good(payment_method={"token": "pm_card_visa"}),
        (422, "field_missing", "payment_method.type"),
    ),
    "method of unknown type": (method("cash"), invalid("payment_method.type")),
    "method of a type that is a card": (method(CARD), invalid("payment_method.type")),
    "method of a type of 60 kB": (method("` - at `$" * 6_000), invalid("payment_method.type")),
    "method of a type that is a number": (good(payment_method={"type": 5}), invalid("payment_method.type")),
    "card without token": (method("card"), (422, "field_missing", "payment_method.token")),
    "card with empty token": (method("card", token=""), invalid("payment_method.token")),
    "card with long token": (method("card", token="x" * 256), invalid("payment_method.token")),
    "card with its number": (method("card", token=CARD), card("payment_method.token")),
    "card with a field too many": (
        method("card", token="pm_card_visa", cvc="123"),
        (422, "field_unknown", "payment_method.cvc"),
    ),
    "card with a field twice": (
        method("card", token="pm_1").replace(b'"token"', b'"token": "pm_2", "token"'),
        (422, "field_repeated", "token"),
    ),
    "account empty": (method("card", token="pm_1", account=""), invalid("payment_method.account")),
    "account with slash": (method("card", token="pm_1", account="a/b"), invalid("payment_method.account")),
    "account too long": (method("card", token="pm_1", account="a" * 65), invalid("payment_method.account")),
    "account is a card": (method("card", token="pm_1", account=CARD), card("payment_method.account")),
    "account a number": (method("card", token="pm_1", account=1), invalid("payment_method.account")),
    "account unknown": (
        method("card", token="pm_1", account="other"),
        (422, "account_unknown", "payment_method.account"),
    ),
    "methods beside method": (
        good(payment_methods=[{"type": "card", "token": "pm_1"}]),
        invalid("payment_methods"),
    ),
    "methods null": (methods(None), invalid("payment_methods")),
    "methods a string": (methods("pm_card_visa"), invalid("payment_methods")),
    "methods empty": (methods([]), invalid("payment_methods")),
    "methods too many": (
        methods([{"type": "card", "token": "pm_1", "account": name} for name in "abcd"]),
        invalid("payment_methods"),
    ),
    "methods with a string": (methods(["pm_card_visa"]), invalid("payment_methods[0]")),
    "methods with an unknown type": (
        methods([{"type": "card", "token": "pm_1"}, {"type": CARD}]),
        invalid("payment_methods[1].type"),
    ),
    "methods without token": (
        methods([{"type": "card"}]),
        (422, "field_missing", "payment_methods[0].token"),
    ),
    "methods with a card": (
        methods([{"type": "paypal"}, {"type": "card", "token": CARD}]),
        card("payment_methods[1].token"),
    ),
    "methods with two of an account": (
        methods([{"type": "card", "token": "pm_1", "account": "test"}] * 2),
        invalid("payment_methods[1]"),
    ),
    "methods with two of the default account": (
        methods([{"type": "card", "token": "pm_1"}, {"type": "card", "token": "pm_2"}]),
        invalid("payment_methods[1]"),
    ),
    "methods with a wallet without return_url": (
        methods([{"type": "card", "token": "pm_1"}, {"type": "paypal"}]),
        (422, "field_missing", "return_url"),
    ),
    "account of the other mode": (
        method("card", token="pm_1", account="live"),
        (422, "account_unknown", "payment_method.account"),
    ),
    "account unknown in the second method": (
        methods(
            [
                {"type": "paypal_vault", "token": "8kk", "account": "test"},
                {"type": "card", "token": "pm_1", "account": "other"},
            ]
        ),
        (422, "account_unknown", "payment_methods[1].account"),
    ),
    "vault token missing": (method("paypal_vault"), (422, "field_missing", "payment_method.token")),
    "vault token is a card": (method("paypal_vault", token=CARD), card("payment_method.token")),
    "wallet with a token": (method("paypal", token="x"), (422, "field_unknown", "payment_method.token")),
    "wallet without return_url": (
        method("paypal", urls={"cancel_url": "https://shop.example/cart"}),
        (422, "field_missing", "return_url"),
    ),
    "wallet without cancel_url": (
        method("paypal", urls={"return_url": "https://shop.example/back"}),
        (422, "field_missing", "cancel_url"),
    ),
    "wallet that no account takes": (
        method(
            "paypal",
            urls={"return_url": "https://shop.example/back", "cancel_url": "https://shop.example/cart"},
        ),
        (422, "payment_method_not_taken", "payment_method"),
    ),
    "capture as text": (good(capture="false"), invalid("capture")),
    "description too long": (good(description="x" * 1001), invalid("description")),
    "description with NUL": (good(description="a\0b"), (422, NOT_STORABLE, "description")),
    "description with card": (good(description=f"card {CARD}!"), card("description")),
    "description with grouped card": (good(description="4242 4242 4242 4242"), card("description")),
    "description with dashed amex": (good(description="3782-822463-10005"), card("description")),
    "description with escaped card": (
        good(description="\u0034" + CARD[1:]).replace(b'"4242', b'"\\u0034242'),
        card("description"),
    ),
    "unpaired high surrogate": (
        good(description="x").replace(b'"x"', b'"\\ud800"'),
        (422, NOT_STORABLE, None),
    ),
    "unpaired low surrogate": (
        good(description="x").replace(b'"x"', b'"\\udc00"'),
        (422, NOT_STORABLE, None),
    ),
    "email without at": (good(customer_email="ada.example.com"), invalid("customer_email")),
    "email without dot": (good(customer_email="ada@example"), invalid("customer_email")),
    "email with space": (good(customer_email="a da@example.com"), invalid("customer_email")),
    "email too long": (good(customer_email="a" * 243 + "@example.com"), invalid("customer_email")),
    "email with card": (good(customer_email=f"{CARD}@example.com"), card("customer_email")),
    "return_url without scheme": (good(return_url="shop.example/back"), invalid("return_url")),
    "return_url in clear": (good(return_url="http://shop.example/back"), invalid("return_url")),
    "return_url a script": (good(return_url="javascript:alert(1)"), invalid("return_url")),
    "return_url with user": (good(return_url="https://ada@shop.example"), invalid("return_url")),
    "return_url with fragment": (good(return_url="https://shop.example/#paid"), invalid("return_url")),
    "return_url with card": (good(return_url=f"https://shop.example/{CARD}"), card("return_url")),
    "return_url with NUL": (
        good(return_url="https://shop.example/\0"),
        (422, NOT_STORABLE, "return_url"),
    ),
    "return_url too long": (good(return_url="https://s.example/" + "x" * 2_031), invalid("return_url")),
    "return_url a number": (good(return_url=1), invalid("return_url")),
    "cancel_url in clear": (good(cancel_url="http://shop.example/cart"), invalid("cancel_url")),
    "cancel_url a script": (good(cancel_url="javascript:alert(1)"), invalid("cancel_url")),
    "cancel_url with card": (good(cancel_url=f"https://shop.example/{CARD}"), card("cancel_url")),
    "cancel_url with NUL": (
        good(cancel_url="https://shop.example/\0"),
        (422, NOT_STORABLE, "cancel_url"),
    ),
    "cancel_url too long": (good(cancel_url="https://s.example/" + "x" * 2_031), invalid("cancel_url")),
    "cancel_url a number": (good(cancel_url=1), invalid("cancel_url")),
    "metadata a list": (good(metadata=[1]), invalid("metadata")),
    "metadata null": (good(metadata=None), invalid("metadata")),
    "metadata value a number": (good(metadata={"a": 1}), invalid("metadata")),
    "metadata nested": (good(metadata={"a": {"b": "c"}}), invalid("metadata")),
    "metadata with 51 keys": (good(metadata={str(n): "" for n in range(51)}), invalid("metadata")),
    "metadata key too long": (good(metadata={"k" * 41: ""}), invalid("metadata")),
    "metadata key empty": (good(metadata={"": "x"}), invalid("metadata")),
    "metadata key with bracket": (good(metadata={"a[b]": ""}), invalid("metadata")),
    "metadata key with NUL": (good(metadata={"a\0": ""}), invalid("metadata")),
    "metadata value too long": (good(metadata={"order": "x" * 501}), invalid("metadata.order")),
    "metadata value with NUL": (good(metadata={"order": "\0"}), (422, NOT_STORABLE, "metadata.order")),
    "metadata value with card": (good(metadata={"order": CARD}), card("metadata.order")),
    "metadata key is a card": (good(metadata={CARD: ""}), card("metadata")),
    "metadata value of 60 kB": (good(metadata={"order": "4 " * 30_000}), invalid("metadata.order")),
    "currency of 60 kB": (good(currency="4 " * 30_000), invalid("currency")),
    "method of 60 kB": (good(payment_method="1-" * 30_000), invalid("payment_method")),
    "unknown field of 60 kB": (good(**{"` - at `$" * 6_000: 1}), (422, "field_unknown", None)),
    "field named twice": (
        good().replace(b"{", b'{"currency": "eur", ', 1),
        (422, "field_repeated", "currency"),
    ),
    "field named twice by an escape": (
        good().replace(b"{", b'{"\\u0063urrency": "eur", ', 1),
        (422, "field_repeated", "currency"),
    ),
    "metadata named twice": (
        good(metadata={"a": "1"}).replace(b'"a": "1"', b'"a": "1", "a": "1"'),
        (422, "field_repeated", "a"),
    ),
    "metadata named twice by a card": (
        good(metadata={CARD: "1"}).replace(b'": "1"', b'": "1", "%b": ""' % CARD.encode()),
        (422, "field_repeated", None),
    ),
    "unknown field": (good(amount=5), (422, "field_unknown", "amount")),
    "unknown field in Stripe's words": (good(confirm=True), (422, "field_unknown", "confirm")),
    "unknown field that is a card": (good(**{CARD: 1}), (422, "field_unknown", None)),
    "unknown field that is long": (good(**{"x" * 101: 1}), (422, "field_unknown", None)),
    "too large": (good(description="x" * 400_000), (413, "body_too_large", None)),
}

KEY_INVALID: Problem = (400, "idempotency_key_invalid", "Idempotency-Key")
KEYS: dict[str, tuple[str | None, Problem]] = {
    "missing": (None, (400, "idempotency_key_missing", "Idempotency-Key")),
    "empty": ("", KEY_INVALID),
    "empty quoted": ('""', KEY_INVALID),
    "too long": ("x" * 256, KEY_INVALID),
    "too long quoted": (f'"{"x" * 256}"', KEY_INVALID),
    "bare with space": ("a b", KEY_INVALID),
    "bare list": ("a,b", KEY_INVALID),
    "not closed": ('"abc', KEY_INVALID),
    "only a quote": ('"', KEY_INVALID),
    "with parameters": ('"abc";v=1', KEY_INVALID),
    "quote inside": ('"a"b"', KEY_INVALID),
    "wrong escape": ('"a\\b"', KEY_INVALID),
    "not ascii": ("schlüssel", KEY_INVALID),
    "tab": ("a\tb", KEY_INVALID),
    "a card": (CARD, KEY_INVALID),
    "a quoted card": (f'"{CARD}"', KEY_INVALID),
}

MEDIA_TYPES = (
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json5",
    "multipart/form-data",
)

NO_KEYS = (
    "Bearer sk_test_",
    "Bearer sk_test_" + "x" * 32,
    "Bearer whsec_abc",
    "Bearer",
    "Bearer  ",
    "bearer pk_live_ÿ",
    "Basic !!!",
    "Basic c2tfdGVzdF94Og==",
    "Basic /w==",
    "Digest username=x",
    "sk_test_" + "x" * 32,
)
UNKNOWN_PATHS = (
    "/v1",
    "/v1/charge",
    "/v1/charges/ch_1/x",
    "/v2/charges",
    "/docs/x",
    "/webhooks/stripe",
    "/%00",
)
NO_CHARGES = (
    "ch_1",
    "ch_01kab5m5wvfb9v1c2m5hfv0d2e",
    "mer_01kab5m5wvfb9v1c2m5hfv0d2e",
    "CH_01kab5m5wvfb9v1c2m5hfv0d2e",
    "%00",
    "%F0%9F%92%B3",
    "x" * 1_000,
    CARD,
)
GET_ONLY = {"GET", "HEAD", "OPTIONS"}
WRONG_METHODS = (
    ("DELETE", "/v1/charges", GET_ONLY | {"POST"}),
    ("PATCH", "/v1/charges/ch_1", GET_ONLY),
    ("TRACE", "/v1/charges/ch_1", GET_ONLY),
    ("GET", "/webhooks/stripe/test", {"OPTIONS", "POST"}),
    ("POST", "/healthz", GET_ONLY),
)


async def assert_refused(api: Api, reply: Reply, expected: Problem) -> None:
    assert reply.problem() == expected
    assert CARD not in reply.body.decode()
    assert await api.written() == (0, 0, 0, 0)


async def test_bad_charge_body_is_refused_and_writes_nothing(api: Api, subtests: pytest.Subtests) -> None:
    for case, (body, expected) in BODIES.items():
        with subtests.test(case):
            await assert_refused(api, await post(api, body), expected)
    assert (await post(api, good())).status == 201


async def test_bad_idempotency_key_is_refused_and_writes_nothing(api: Api, subtests: pytest.Subtests) -> None:
    for case, (key, expected) in KEYS.items():
        headers = {"Content-Type": "application/json"} | ({} if key is None else {"Idempotency-Key": key})
        with subtests.test(case):
            await assert_refused(api, await post(api, good(), headers), expected)


async def test_a_body_that_is_not_called_json_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    expected: Problem = (415, "media_type_unsupported", "Content-Type")
    for media_type in MEDIA_TYPES:
        headers = {"Idempotency-Key": "k"} | ({"Content-Type": media_type} if media_type else {})
        with subtests.test(media_type):
            await assert_refused(api, await post(api, good(), headers), expected)


async def test_a_header_sent_twice_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    once = [*HEADERS.items(), ("Authorization", f"Bearer {api.key.reveal()}")]
    for pair in once:
        reply = await api.request("POST", "/v1/charges", headers=[*once, pair], data=good())
        with subtests.test(pair[0]):
            await assert_refused(api, reply, (400, "header_invalid", pair[0]))


async def test_a_wrong_host_header_is_refused(api: Api) -> None:
    reply = await api.request("GET", "/healthz", headers={"Host": "a b"})
    await assert_refused(api, reply, (400, "header_invalid", "Host"))


async def test_unknown_api_key_is_401(api: Api, subtests: pytest.Subtests) -> None:
    for authorization in NO_KEYS:
        reply = await post(api, good(), HEADERS | {"Authorization": authorization})
        with subtests.test(authorization):
            await assert_refused(api, reply, (401, "api_key_invalid", "Authorization"))
            assert reply.headers["WWW-Authenticate"] == 'Bearer realm="fincore"'


async def test_without_a_key_is_401_and_with_a_publishable_one_403(api: Api) -> None:
    publishable = await api.new_key(kind="publishable")
    for method, path in (("POST", "/v1/charges"), ("GET", "/v1/charges"), ("GET", "/v1/charges/ch_1")):
        missing = await api.request(method, path, headers=HEADERS | {"Authorization": ""}, data=good())
        await assert_refused(api, missing, (401, "api_key_missing", "Authorization"))
        assert missing.headers["WWW-Authenticate"] == 'Bearer realm="fincore"'
        refused = await api.request(method, path, key=publishable, headers=HEADERS, data=good())
        await assert_refused(api, refused, (403, "secret_key_required", "Authorization"))


async def test_a_mode_without_a_psp_account_is_422(pool: Pool) -> None:
    async with serving_api(pool, accounts=()) as api:
        await assert_refused(api, await post(api, good()), (422, "psp_not_configured", None))


async def test_an_unknown_path_is_404(api: Api, subtests: pytest.Subtests) -> None:
    for path in UNKNOWN_PATHS:
        with subtests.test(path):
            assert (await api.get(path)).problem() == (404, "route_not_found", None)


async def test_an_id_that_is_no_charge_is_404(api: Api, subtests: pytest.Subtests) -> None:
    for charge_id in NO_CHARGES:
        with subtests.test(charge_id):
            reply = await api.get(f"/v1/charges/{charge_id}")
            await assert_refused(api, reply, (404, "charge_not_found", "charge_id"))


async def test_wrong_method_is_405_and_lists_allowed_methods(api: Api, subtests: pytest.Subtests) -> None:
    for method, path, allowed in WRONG_METHODS:
        with subtests.test(f"{method} {path}"):
            reply = await api.request(method, path)
            assert reply.problem() == (405, "method_not_allowed", None)
            assert set(reply.headers["Allow"].split(", ")) == allowed


async def test_options_request_lists_allowed_methods(api: Api) -> None:
    for path in ("/v1/charges", "/v1/charges/ch_1", "/healthz"):
        reply = await api.request("OPTIONS", path)
        assert (reply.status, reply.body) == (204, b"")
        assert "GET" in reply.headers["Allow"]
        assert reply.headers["Request-Id"].startswith("req_")


async def test_head_is_get_without_the_body(api: Api) -> None:
    head, get = await asyncio.gather(api.request("HEAD", "/v1/charges"), api.get("/v1/charges"))
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(get.body))
