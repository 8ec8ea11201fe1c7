"""PSPs' webhooks over HTTP: which are accepted, what is kept, and what the PSP is answered."""

from collections.abc import AsyncIterator

import pytest

from fincore.eventstore import writer as writer_module
from fincore.postgres.pool import Pool
from fixtures.merchant_api import WEBHOOK_BODY as BODY
from fixtures.merchant_api import Api, deliver, serving_api, signed
from fixtures.scripted_psp import STRIPE, ScriptedWebhooks


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


async def test_an_event_is_kept_byte_for_byte_with_a_job_to_read_it(api: Api) -> None:
    reply = await deliver(api)
    assert (reply.status, reply.json()) == (200, {})
    assert await api.pool.fetchval("select body from eventstore.inbox") == BODY
    assert await api.written() == (0, 0, 1, 1)


async def test_repeated_psp_event_is_answered_again_and_stored_once(api: Api) -> None:
    assert [(await deliver(api)).status for _ in range(3)] == [200, 200, 200]
    assert await api.written() == (0, 0, 1, 1)


async def test_a_signature_that_does_not_hold_is_400_without_a_reason(api: Api) -> None:
    replies = [
        await deliver(api, secret="whsec_wrong"),
        await api.request("POST", "/webhooks/stripe/test", data=BODY),
        await api.request("POST", "/webhooks/stripe/test", headers=signed(BODY), data=BODY + b" "),
        await api.request("POST", "/webhooks/stripe/test", headers={"Stripe-Signature": "t=1"}, data=BODY),
    ]
    assert {reply.problem() for reply in replies} == {(400, "webhook_signature_invalid", None)}
    assert len({reply.json()["detail"] for reply in replies}) == 1
    assert await api.written() == (0, 0, 0, 0)


async def test_webhook_path_of_unconfigured_account_is_404(api: Api) -> None:
    for path in ("/webhooks/stripe/live", "/webhooks/paypal/test", "/webhooks/x/y"):
        assert (await deliver(api, path=path)).problem() == (404, "webhook_endpoint_not_found", None)
    assert await api.written() == (0, 0, 0, 0)


async def test_an_event_of_a_mebibyte_is_taken_and_a_larger_one_is_not(api: Api) -> None:
    head, tail = b'{"id":"evt_2","type":"payment_intent.created","livemode":false,"pad":"', b'"}'
    largest = head + b"x" * (1024 * 1024 - len(head) - len(tail)) + tail
    assert (await deliver(api, largest)).status == 200
    assert (await deliver(api, largest + b" ")).problem() == (413, "body_too_large", None)


async def test_psp_webhook_during_database_outage_gets_503(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "RECONNECT_DELAY_SECONDS", 0.0)
    api.pool.terminate()
    assert (await deliver(api)).problem() == (503, "store_unavailable", None)


UNREADABLE = {
    "empty": b"",
    "no JSON": b"evt_1",
    "not an object": b"[]",
    "NUL in the id": BODY.replace(b"evt_1", b"evt_\\u0000"),
    "NUL in the type": BODY.replace(b"payment_intent.succeeded", b"a\\u0000b"),
    "unpaired surrogate": BODY.replace(b"evt_1", b"evt_\\ud800"),
    "not UTF-8": BODY.replace(b"evt_1", b"evt_\xff"),
    "id too long": BODY.replace(b"evt_1", b"e" * 256),
    "type too long": BODY.replace(b"payment_intent.succeeded", b"t" * 256),
    "deep arrays": BODY.replace(b"{}", b"[" * 100_000 + b"]" * 100_000),
    "deep objects": BODY.replace(b"{}", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "cut": BODY[:-5],
}


async def test_a_signed_event_that_cannot_be_read_is_400(api: Api, subtests: pytest.Subtests) -> None:
    for name, body in UNREADABLE.items():
        with subtests.test(name):
            assert (await deliver(api, body)).problem() == (400, "webhook_signature_invalid", None)
    assert await api.written() == (0, 0, 0, 0)


async def test_event_with_unreadable_data_is_stored_unread(api: Api) -> None:
    for number, data in enumerate((b'{"a": "\\u0000"}', b'{"a": "\xc3\xa9"}', b"null", b"1e999")):
        body = BODY.replace(b"evt_1", b"evt_%d" % number).replace(b"{}", data)
        assert (await deliver(api, body)).status == 200
    assert (await api.written())[3] == 4


async def test_psp_webhook_not_checked_gets_503_and_retry_after(pool: Pool) -> None:
    webhooks = {STRIPE: ScriptedWebhooks()}
    async with serving_api(pool, psp_webhooks=webhooks) as api:
        headers = {"signature": "not checkable"}
        reply = await api.request("POST", "/webhooks/stripe/test", headers=headers, data=BODY)
        assert (*reply.problem(), reply.headers["Retry-After"]) == (503, "webhook_not_checked", None, "7")
        assert await api.written() == (0, 0, 0, 0)
