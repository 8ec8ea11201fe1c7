"""Bad input to captures, cancellations and refunds: a problem that names what is wrong, and nothing written."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from fincore.postgres.pool import Pool
from fixtures.merchant_api import Api, Reply, serving_api

CARD = "4242424242424242"
HEADERS = {"Idempotency-Key": "k", "Content-Type": "application/json"}
ACTIONS = ("capture", "cancel")

Problem = tuple[int, str, str | None]


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


def invalid(param: str | None) -> Problem:
    return 422, "field_invalid", param


def unknown(param: str | None) -> Problem:
    return 422, "field_unknown", param


def card(param: str) -> Problem:
    return 422, "card_number_not_allowed", param


NOT_JSON: Problem = (400, "json_invalid", None)

BODIES: dict[str, tuple[bytes, Problem]] = {
    "a space": (b" ", NOT_JSON),
    "cut": (b'{"', NOT_JSON),
    "two values": (b"{}{}", NOT_JSON),
    "null": (b"null", invalid(None)),
    "array": (b"[]", invalid(None)),
    "text": (b'"all"', invalid(None)),
    "form": (b"amount_minor=500", NOT_JSON),
    "unknown field": (b'{"amount": 500}', unknown("amount")),
    "unknown field that is a card": (b'{"%b": 1}' % CARD.encode(), unknown(None)),
    "too large": (b'{"amount_minor":' + b" " * 400_000 + b"1}", (413, "body_too_large", None)),
}
"""What no operation takes."""

AMOUNTS: dict[str, tuple[object, str]] = {
    "zero": (0, "amount_too_small"),
    "negative": (-1, "amount_too_small"),
    "negative and large": (-(10**12), "amount_too_small"),
    "too large": (10**15, "amount_too_large"),
    "huge": (10**400, "amount_too_large"),
    "fractional": (5.5, "field_invalid"),
    "text": ("500", "field_invalid"),
    "true": (True, "field_invalid"),
    "list": ([500], "field_invalid"),
}

CANCELS: dict[str, tuple[bytes, Problem]] = {
    "reason that is ours": (b'{"reason": "abandoned"}', invalid("reason")),
    "reason empty": (b'{"reason": ""}', invalid("reason")),
    "reason null": (b'{"reason": null}', invalid("reason")),
    "reason a number": (b'{"reason": 1}', invalid("reason")),
    "amount": (b'{"amount_minor": 500}', unknown("amount_minor")),
}


def refund_bodies(charge_id: str) -> dict[str, tuple[bytes, Problem]]:
    """What no refund takes."""

    def body(**fields: Any) -> bytes:
        return json.dumps({"charge": charge_id} | fields).encode()

    return {
        "empty": (b"", NOT_JSON),
        "two values": (body() + b"{}", NOT_JSON),
        "charge missing": (b'{"amount_minor": 500}', (422, "field_missing", "charge")),
        "charge null": (body(charge=None), invalid("charge")),
        "charge a number": (body(charge=1), invalid("charge")),
        "charge an object": (body(charge={"id": charge_id}), invalid("charge")),
        "charge a card": (body(charge=CARD), card("charge")),
        "charge with NUL": (body(charge="\0"), (422, "text_not_storable", "charge")),
        "charge upper case": (body(charge=charge_id.upper()), (404, "charge_not_found", "charge")),
        "charge with space": (body(charge=f"{charge_id} "), (404, "charge_not_found", "charge")),
        "reason unknown": (body(reason="abandoned"), invalid("reason")),
        "reason empty": (body(reason=""), invalid("reason")),
        "currency": (body(currency="usd"), unknown("currency")),
        "Stripe's name of the charge": (body(payment_intent="pi_1"), unknown("payment_intent")),
        "metadata null": (body(metadata=None), invalid("metadata")),
        "metadata a list": (body(metadata=[]), invalid("metadata")),
        "metadata value a number": (body(metadata={"a": 1}), invalid("metadata")),
        "metadata with 51 keys": (body(metadata={str(n): "" for n in range(51)}), invalid("metadata")),
        "metadata key with bracket": (body(metadata={"a[b]": ""}), invalid("metadata")),
        "metadata value too long": (body(metadata={"a": "x" * 501}), invalid("metadata.a")),
        "metadata value with NUL": (body(metadata={"a": "\0"}), (422, "text_not_storable", "metadata.a")),
        "metadata value with card": (body(metadata={"a": CARD}), card("metadata.a")),
        "metadata key is a card": (body(metadata={CARD: ""}), card("metadata")),
        "unpaired surrogate": (body(metadata={"a": "\ud800"}), (422, "text_not_storable", None)),
    }


def path_of(action: str, charge_id: str) -> str:
    return "/v1/refunds" if action == "refund" else f"/v1/charges/{charge_id}/{action}"


async def post(api: Api, path: str, body: bytes, headers: Mapping[str, str] = HEADERS) -> Reply:
    return await api.request("POST", path, headers=headers, data=body)


async def charges(api: Api) -> dict[str, str]:
    """A charge on which each action could be carried out."""
    held = await api.held()
    return {"capture": held, "cancel": held, "refund": await api.paid()}


async def assert_refused(api: Api, reply: Reply, expected: Problem, written: tuple[int, ...]) -> None:
    assert reply.problem() == expected
    assert CARD not in reply.body.decode()
    assert await api.written() == written


async def test_bad_operation_body_is_refused_and_writes_nothing(api: Api, subtests: pytest.Subtests) -> None:
    on = await charges(api)
    written = await api.written()
    bodies = {action: dict(BODIES) for action in on}
    bodies["cancel"] |= CANCELS
    bodies["refund"] |= refund_bodies(on["refund"])
    for action, cases in bodies.items():
        for case, (body, expected) in cases.items():
            with subtests.test(f"{action}: {case}"):
                await assert_refused(
                    api, await post(api, path_of(action, on[action]), body), expected, written
                )


async def test_invalid_amount_is_refused_and_writes_nothing(api: Api, subtests: pytest.Subtests) -> None:
    on = await charges(api)
    written = await api.written()
    for action in ("capture", "refund"):
        for case, (amount, code) in AMOUNTS.items():
            fields = {"amount_minor": amount} | ({"charge": on["refund"]} if action == "refund" else {})
            with subtests.test(f"{action}: {case}"):
                reply = await post(api, path_of(action, on[action]), json.dumps(fields).encode())
                await assert_refused(api, reply, (422, code, "amount_minor"), written)


async def test_an_idempotency_key_is_required_for_each(api: Api, subtests: pytest.Subtests) -> None:
    on = await charges(api)
    written = await api.written()
    body = json.dumps({"charge": on["refund"]}).encode()
    for action in on:
        for headers, code in (
            ({}, "idempotency_key_missing"),
            ({"Idempotency-Key": ""}, "idempotency_key_invalid"),
            ({"Idempotency-Key": CARD}, "idempotency_key_invalid"),
        ):
            with subtests.test(f"{action}: {code}"):
                reply = await post(
                    api,
                    path_of(action, on[action]),
                    body if action == "refund" else b"{}",
                    {"Content-Type": "application/json", **headers},
                )
                await assert_refused(api, reply, (400, code, "Idempotency-Key"), written)


async def test_body_without_json_media_type_is_refused_unless_empty(
    api: Api, subtests: pytest.Subtests
) -> None:
    on = await charges(api)
    written = await api.written()
    body = json.dumps({"charge": on["refund"]}).encode()
    for action in on:
        for media_type in ("", "text/plain", "application/x-www-form-urlencoded"):
            headers = {"Idempotency-Key": "k"} | ({"Content-Type": media_type} if media_type else {})
            with subtests.test(f"{action}: {media_type}"):
                reply = await post(
                    api, path_of(action, on[action]), body if action == "refund" else b"{}", headers
                )
                await assert_refused(api, reply, (415, "media_type_unsupported", "Content-Type"), written)
    form = {"Idempotency-Key": "k", "Content-Type": "application/x-www-form-urlencoded"}
    # As curl sends `-d ""`.
    assert (await post(api, path_of("capture", on["capture"]), b"", form)).status == 200


async def test_without_a_key_is_401_and_with_a_publishable_one_403(
    api: Api, subtests: pytest.Subtests
) -> None:
    on = await charges(api)
    written = await api.written()
    publishable = await api.new_key(kind="publishable")
    calls = [("POST", path_of(action, on[action])) for action in on]
    calls += [("GET", "/v1/refunds"), ("GET", "/v1/refunds/re_1")]
    for method, path in calls:
        with subtests.test(f"{method} {path}"):
            missing = await api.request(method, path, headers=HEADERS | {"Authorization": ""}, data=b"{}")
            await assert_refused(api, missing, (401, "api_key_missing", "Authorization"), written)
            refused = await api.request(method, path, key=publishable, headers=HEADERS, data=b"{}")
            await assert_refused(api, refused, (403, "secret_key_required", "Authorization"), written)


NO_REFUNDS = (
    "re_1",
    "re_01kab5m5wvfb9v1c2m5hfv0d2e",
    "ch_01kab5m5wvfb9v1c2m5hfv0d2e",
    "RE_01kab5m5wvfb9v1c2m5hfv0d2e",
    "%00",
    "%F0%9F%92%B3",
    "x" * 1_000,
    CARD,
)


async def test_an_id_that_is_no_refund_is_404(api: Api, subtests: pytest.Subtests) -> None:
    for refund_id in NO_REFUNDS:
        with subtests.test(refund_id[:40]):
            reply = await api.get(f"/v1/refunds/{refund_id}")
            await assert_refused(api, reply, (404, "refund_not_found", "refund_id"), (0, 0, 0, 0))


async def test_a_method_an_action_does_not_take_is_405(api: Api, subtests: pytest.Subtests) -> None:
    for action in ACTIONS:
        with subtests.test(action):
            reply = await api.get(f"/v1/charges/ch_1/{action}")
            assert reply.problem() == (405, "method_not_allowed", None)
            assert set(reply.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
