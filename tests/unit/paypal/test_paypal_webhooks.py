"""PayPal's webhooks: which may be believed to come from PayPal, and that no word of them about money is believed."""

import asyncio
import base64
import json
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from prometheus_client import REGISTRY

from fincore.domain.errors import ConfigurationError
from fincore.domain.ids import ChargeId
from fincore.domain.outcome import PspAccount
from fincore.write.psp.paypal.account import PayPalWebhookEndpoint
from fincore.write.psp.paypal.webhook_certificates import FETCHES_MAX, KEPT_MAX, trusted_roots
from fincore.write.psp.paypal.webhook_reports import SUBSCRIBED_TYPES, read_event, reader_of
from fincore.write.psp.paypal.webhook_signature import is_certificate_url
from fincore.write.psp.paypal.webhooks import PayPalWebhooks
from fincore.write.psp.port import (
    CouldNotCheck,
    Look,
    SignatureRefused,
    VerifiedWebhook,
    WebhookIgnored,
    WebhookReport,
)
from fixtures.paypal_signing import Authority, pem, rsa_key, signed_headers, with_checksum_of
from fixtures.paypal_stub import CAPTURE_ID, ORDER_ID, TEST, Json, PayPalStub, paypal_stub, usd

CHARGE = ChargeId("ch_01kab5m5wvfb9v1c2m5hfv0d2e")
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
WEBHOOK_ID = "1JE4291016473214C"
CERTIFICATE = "/v1/notifications/certs/CERT-360caa42-fca2a594-7a8abcf9"
ROOT = Authority.named("PayPal simulator")
SIGNING_KEY = rsa_key("signer")
REFUND_ID = "1JU08902781691411"


def event(event_type: str = "PAYMENT.CAPTURE.COMPLETED", resource: Json | None = None) -> bytes:
    shown = {"id": CAPTURE_ID, "status": "COMPLETED", "amount": usd("19.99"), "custom_id": CHARGE}
    body = {
        "id": "WH-58D329510W468432D-8HN650336L201105X",
        "event_version": "1.0",
        "event_type": event_type,
        "resource": shown if resource is None else resource,
    }
    return json.dumps(body).encode()


class Simulator:
    """A PayPal that serves a signing certificate, and webhooks that trust its authority."""

    def __init__(self, stub: PayPalStub, ca_file: Path) -> None:
        self.stub = stub
        self.endpoint = PayPalWebhookEndpoint(
            webhook_id=WEBHOOK_ID, expects_livemode=False, simulator_url=stub.url, ca_file=ca_file
        )
        self.webhooks = PayPalWebhooks({TEST: self.endpoint})
        self.serve(200, pem(ROOT.certificate_for(SIGNING_KEY)))

    def serve(self, status: int, body: bytes) -> None:
        self.stub.answer_only("GET", CERTIFICATE, status, body)

    def headers(self, body: bytes, **changes: Any) -> dict[str, str]:
        given: Json = {"certificate_url": f"{self.stub.url}{CERTIFICATE}", "sent_at": NOW}
        key, webhook_id = changes.pop("key", SIGNING_KEY), changes.pop("webhook_id", WEBHOOK_ID)
        return signed_headers(key, webhook_id, body, **(given | changes))

    async def verify(
        self, headers: dict[str, str], body: bytes, now: datetime = NOW
    ) -> VerifiedWebhook | SignatureRefused | CouldNotCheck:
        return await self.webhooks.verify(TEST, headers, body, now)


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    file.write_bytes(ROOT.pem)
    return file


@pytest.fixture
async def simulator(ca_file: Path) -> AsyncIterator[Simulator]:
    async with paypal_stub() as stub:
        simulator = Simulator(stub, ca_file)
        yield simulator
        await simulator.webhooks.close()


# --- who signed it


async def test_webhook_signed_by_paypal_is_verified(simulator: Simulator) -> None:
    body = event()
    assert await simulator.verify(simulator.headers(body), body) == VerifiedWebhook(
        psp_event_id="WH-58D329510W468432D-8HN650336L201105X",
        type="PAYMENT.CAPTURE.COMPLETED",
        is_interesting=True,
    )
    ends_at = ROOT.certificate_for(SIGNING_KEY).not_valid_after_utc
    labels = {"certificate": "paypal_test"}
    assert (
        REGISTRY.get_sample_value("fincore_certificate_ends_timestamp_seconds", labels) == ends_at.timestamp()
    )


async def test_json_written_anew_is_not_what_was_signed(simulator: Simulator) -> None:
    body = b'{"id":"WH-1","event_type":"X","resource":{"amount":1.0}}'
    headers = simulator.headers(body)
    anew = body.replace(b"1.0", b"1")
    assert isinstance(await simulator.verify(headers, body), VerifiedWebhook)
    assert await simulator.verify(headers, anew) == SignatureRefused("mismatch")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"key": rsa_key("thief")}, "mismatch"),
        ({"webhook_id": "ANOTHER"}, "mismatch"),
        ({"sent_at": NOW - timedelta(seconds=301)}, "expired"),
        ({"sent_at": NOW + timedelta(seconds=301)}, "from_the_future"),
    ],
)
async def test_signature_that_does_not_hold_is_refused(
    simulator: Simulator, changes: Json, reason: str
) -> None:
    body = event()
    refused = await simulator.verify(simulator.headers(body, **changes), body)
    assert isinstance(refused, SignatureRefused)
    assert refused.reason == reason


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("paypal-transmission-id", "", "missing"),
        ("paypal-transmission-sig", "", "missing"),
        ("paypal-transmission-id", "a|b", "malformed"),
        ("paypal-transmission-id", "a" * 101, "malformed"),
        ("paypal-transmission-time", "yesterday", "malformed"),
        ("paypal-transmission-time", "2026-13-26T12:00:00Z", "malformed"),
        ("paypal-transmission-sig", "***", "malformed"),
        ("paypal-transmission-sig", "A" * 4_000, "malformed"),
        ("paypal-transmission-sig", "AAAAA", "malformed"),
        ("paypal-auth-algo", "none", "malformed"),
        ("paypal-cert-url", "https://api.paypal.com.evil.example/v1/notifications/certs/C", "certificate"),
    ],
)
async def test_header_that_paypal_does_not_write_is_refused(
    simulator: Simulator, name: str, text: str, reason: str
) -> None:
    body = event()
    refused = await simulator.verify(simulator.headers(body) | {name: text}, body)
    assert isinstance(refused, SignatureRefused)
    assert refused.reason == reason
    assert simulator.stub.told == []


async def test_webhook_of_an_unknown_account_is_refused(simulator: Simulator) -> None:
    refused = await simulator.webhooks.verify(PspAccount("other"), {}, b"", NOW)
    assert refused == SignatureRefused("unknown_account")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id":"","event_type":"X"}', b"[" * 100_000, b"\xff"])
async def test_signed_body_that_is_no_event_is_refused(simulator: Simulator, body: bytes) -> None:
    assert await simulator.verify(simulator.headers(body), body) == SignatureRefused("malformed")


# --- the certificate


@pytest.mark.parametrize("mode", ["live", "test"])
def test_certificates_come_from_one_host_of_the_mode_only(mode: str) -> None:
    endpoint = PayPalWebhookEndpoint(webhook_id=WEBHOOK_ID, expects_livemode=mode == "live")
    own, other = ("api", "api.sandbox") if mode == "live" else ("api.sandbox", "api")
    assert is_certificate_url(endpoint, f"https://{own}.paypal.com{CERTIFICATE}")
    for address in (
        f"https://{other}.paypal.com{CERTIFICATE}",
        f"http://{own}.paypal.com{CERTIFICATE}",
        f"https://{own}.paypal.com:8443{CERTIFICATE}",
        f"https://{own}.paypal.com:443{CERTIFICATE}",
        f"https://{own}.paypal.com@evil.example{CERTIFICATE}",
        f"https://evil.example@{own}.paypal.com{CERTIFICATE}",
        f"https://{own}.paypal.com.evil.example{CERTIFICATE}",
        f"https://evil.example/{own}.paypal.com{CERTIFICATE}",
        f"https://{own}-paypal.com{CERTIFICATE}",
        f"https://{own}.paypal.com\\@evil.example{CERTIFICATE}",
        f"https://{own}.paypal.com/v1/other/CERT",
        f"https://{own}.paypal.com{CERTIFICATE}/../../../x",
        f"https://{own}.paypal.com{CERTIFICATE}?next=https://evil.example",
        f"https://{own}.paypal.com{CERTIFICATE}\n",
        f"HTTPS://{own.upper()}.PAYPAL.COM{CERTIFICATE}",
        f"http://127.0.0.1:9{CERTIFICATE}",
    ):
        assert not is_certificate_url(endpoint, address), address


RSA_KEY_OID = bytes.fromhex("2a864886f70d010101")


def altered(old: bytes, new: bytes) -> bytes:
    """A signing certificate with other bytes where these are first: its signature does not hold, and worse."""
    whole = ROOT.certificate_for(SIGNING_KEY).public_bytes(Encoding.DER)
    text = base64.encodebytes(whole.replace(old, new, 1)).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n".encode()


def served_wrong() -> list[tuple[str, bytes]]:
    other_root = Authority.named("other")
    small = rsa_key("small", 1024)
    past, ahead = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    return [
        ("of another authority", pem(other_root.certificate_for(SIGNING_KEY))),
        ("with its own authority", pem(other_root.certificate_for(SIGNING_KEY), other_root.certificate)),
        ("run out", pem(ROOT.certificate_for(SIGNING_KEY, valid_until=past))),
        ("not valid yet", pem(ROOT.certificate_for(SIGNING_KEY, valid_from=ahead))),
        ("of another name", pem(ROOT.certificate_for(SIGNING_KEY, "www.paypal.com"))),
        (
            "of a name around",
            pem(ROOT.certificate_for(SIGNING_KEY, "messageverificationcerts.paypal.com.evil")),
        ),
        ("with a small key", pem(ROOT.certificate_for(small))),
        ("with a key of no known kind", altered(RSA_KEY_OID, RSA_KEY_OID[:-1] + b"\x7f")),
        ("with a key that cannot be read", altered(b"\x02\x82\x01\x01", b"\x02\x81\x01\x01")),
        ("with a name that is no text", altered(b"messageverif", b"\xffessageverif")),
    ]


@pytest.mark.parametrize(("what", "served"), served_wrong())
async def test_certificate_that_is_not_paypals_is_refused(ca_file: Path, what: str, served: bytes) -> None:
    body = event()
    async with paypal_stub() as stub:
        simulator = Simulator(stub, ca_file)
        simulator.serve(200, served)
        key = rsa_key("small", 1024) if what == "with a small key" else SIGNING_KEY
        refused = await simulator.verify(simulator.headers(body, key=key), body)
        await simulator.webhooks.close()
    assert refused == SignatureRefused("certificate")


@pytest.mark.parametrize(("place", "is_found"), [(1, True), (7, True), (8, False)])
async def test_chain_is_read_to_its_bound(ca_file: Path, place: int, *, is_found: bool) -> None:
    """The authority in between stands at a place of what is served; the certificate itself is at 0."""
    between = ROOT.authority_for("between")
    others = [Authority.named("other").certificate] * (place - 1)
    body = event()
    async with paypal_stub() as stub:
        simulator = Simulator(stub, ca_file)
        simulator.serve(200, pem(between.certificate_for(SIGNING_KEY), *others, between.certificate))
        found = await simulator.verify(simulator.headers(body), body)
        await simulator.webhooks.close()
    assert (found != SignatureRefused("certificate")) is is_found


@pytest.mark.parametrize(
    ("status", "served"),
    [
        (503, b""),
        (404, b""),
        (302, b""),
        (200, b"<html>"),
        (200, b"x" * 70_000),
        (200, altered(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07")),
    ],
)
async def test_certificate_out_of_reach_could_not_be_checked(
    simulator: Simulator, status: int, served: bytes
) -> None:
    """That says nothing of the webhook: it is asked for again, and believed once the certificate is served."""
    body = event()
    simulator.serve(status, served)
    assert isinstance(await simulator.verify(simulator.headers(body), body), CouldNotCheck)
    simulator.serve(200, pem(ROOT.certificate_for(SIGNING_KEY)))
    assert isinstance(await simulator.verify(simulator.headers(body), body), VerifiedWebhook)


async def test_certificate_is_fetched_once_and_again_when_it_is_old(simulator: Simulator) -> None:
    body = event()
    for _ in range(3):
        await simulator.verify(simulator.headers(body), body)
    assert len(simulator.stub.calls("GET", CERTIFICATE)) == 1
    later = NOW + timedelta(hours=13)
    await simulator.verify(simulator.headers(body, sent_at=later), body, later)
    assert len(simulator.stub.calls("GET", CERTIFICATE)) == 2


async def test_certificate_is_not_kept_beyond_its_own_end(simulator: Simulator) -> None:
    body, later = event(), NOW + timedelta(hours=2)
    simulator.serve(200, pem(ROOT.certificate_for(SIGNING_KEY, valid_until=NOW + timedelta(hours=1))))
    assert isinstance(await simulator.verify(simulator.headers(body), body), VerifiedWebhook)
    refused = await simulator.verify(simulator.headers(body, sent_at=later), body, later)
    assert refused == SignatureRefused("certificate")


async def test_webhooks_at_once_fetch_a_certificate_once(simulator: Simulator) -> None:
    """Also where the one that came first is given up."""
    body = event()
    first, *others = (asyncio.create_task(simulator.verify(simulator.headers(body), body)) for _ in range(20))
    await asyncio.sleep(0)
    first.cancel()
    assert all(isinstance(one, VerifiedWebhook) for one in await asyncio.gather(*others))
    assert len(simulator.stub.calls("GET", CERTIFICATE)) == 1


async def test_few_certificates_are_fetched_at_once(simulator: Simulator) -> None:
    """A sender that is not known yet names them."""
    body = event()
    headers = [
        simulator.headers(body, certificate_url=f"{simulator.stub.url}{CERTIFICATE}{number}")
        for number in range(40)
    ]
    found = await asyncio.gather(*(simulator.verify(one, body) for one in headers))
    assert all(isinstance(one, CouldNotCheck) for one in found)
    assert len(simulator.stub.told) == FETCHES_MAX
    assert isinstance(await simulator.verify(simulator.headers(body), body), VerifiedWebhook)


async def test_certificates_kept_are_bounded(simulator: Simulator) -> None:
    body = event()
    paths = [f"{CERTIFICATE}{number}" for number in range(KEPT_MAX + 1)]
    for path in (*paths, paths[0], paths[-1]):
        simulator.stub.put("GET", path, 200, pem(ROOT.certificate_for(SIGNING_KEY)))
        headers = simulator.headers(body, certificate_url=f"{simulator.stub.url}{path}")
        assert isinstance(await simulator.verify(headers, body), VerifiedWebhook)
    assert [len(simulator.stub.calls("GET", path)) for path in (paths[0], paths[-1])] == [2, 1]


def test_authority_file_without_certificate_is_refused_at_start(tmp_path: Path) -> None:
    endpoint = PayPalWebhookEndpoint(
        webhook_id=WEBHOOK_ID, expects_livemode=False, ca_file=tmp_path / "missing.pem"
    )
    with pytest.raises(ConfigurationError, match=r"missing\.pem"):
        PayPalWebhooks({TEST: endpoint})


def test_without_a_file_authorities_of_the_system_are_trusted(ca_file: Path) -> None:
    assert [root.subject for root in trusted_roots(ca_file)] == [ROOT.certificate.subject]
    assert ROOT.certificate.subject not in [root.subject for root in trusted_roots(None)]


# --- what it says


async def test_forged_body_under_valid_signature_says_nothing_of_money(simulator: Simulator) -> None:
    """The signature covers a CRC32. A body that says COMPLETED passes as the one that said DENIED, and is no more than a look."""
    signed = event("PAYMENT.CAPTURE.DENIED", {"id": CAPTURE_ID, "status": "DECLINED", "custom_id": CHARGE})
    forged = with_checksum_of(event("PAYMENT.CAPTURE.COMPLETED"), signed)
    assert zlib.crc32(forged) == zlib.crc32(signed)
    assert json.loads(forged)["resource"]["status"] == "COMPLETED"
    assert isinstance(await simulator.verify(simulator.headers(signed), forged), VerifiedWebhook)
    reports = simulator.webhooks.read(forged)
    assert isinstance(reports, tuple)
    assert [report.content for report in reports] == [Look(subject="payment")]


RELATED = {"related_ids": {"order_id": ORDER_ID}}
UP = [{"href": f"https://api.paypal.com/v2/payments/captures/{CAPTURE_ID}", "rel": "up"}]


@pytest.mark.parametrize(
    ("event_type", "resource", "named", "charge"),
    [
        (
            "CHECKOUT.ORDER.APPROVED",
            {"id": ORDER_ID, "purchase_units": [{"custom_id": CHARGE}]},
            ORDER_ID,
            CHARGE,
        ),
        ("CHECKOUT.ORDER.COMPLETED", {"id": ORDER_ID}, ORDER_ID, None),
        ("CHECKOUT.PAYMENT-APPROVAL.REVERSED", {"order_id": ORDER_ID}, ORDER_ID, None),
        (
            "PAYMENT.CAPTURE.COMPLETED",
            {"id": CAPTURE_ID, "custom_id": CHARGE, "supplementary_data": RELATED},
            ORDER_ID,
            CHARGE,
        ),
        ("PAYMENT.CAPTURE.PENDING", {"id": CAPTURE_ID, "custom_id": CHARGE}, None, CHARGE),
        ("PAYMENT.CAPTURE.DENIED", {"id": CAPTURE_ID, "custom_id": "shop order 7"}, CAPTURE_ID, None),
        ("PAYMENT.AUTHORIZATION.VOIDED", {"id": "0AW", "supplementary_data": RELATED}, ORDER_ID, None),
        ("PAYMENT.CAPTURE.SOMETHING_NEW", {"id": CAPTURE_ID}, CAPTURE_ID, None),
    ],
)
def test_event_of_a_payment_says_to_look_at_it(
    event_type: str, resource: Json, named: str | None, charge: str | None
) -> None:
    (report,) = reports_of(event(event_type, resource))
    assert report == WebhookReport(
        charge_id=charge,  # type: ignore[arg-type]
        payment_reference=named,  # type: ignore[arg-type]
        content=Look(subject="payment"),
    )


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"supplementary_data": RELATED, "links": UP}, ORDER_ID),
        ({"supplementary_data": {"related_ids": {"capture_id": CAPTURE_ID}}}, CAPTURE_ID),
        ({"links": UP}, CAPTURE_ID),
        ({}, None),
    ],
)
@pytest.mark.parametrize("event_type", ["PAYMENT.CAPTURE.REFUNDED", "PAYMENT.REFUND.FAILED"])
def test_event_of_a_refund_says_to_look_at_the_refund(
    event_type: str, changes: Json, named: str | None
) -> None:
    resource = {"id": REFUND_ID, "amount": usd("5.00"), "custom_id": "re_1", **changes}
    (report,) = reports_of(event(event_type, resource))
    assert report.content == Look(subject="refund", psp_reference=REFUND_ID)  # type: ignore[arg-type]
    assert (report.charge_id, report.payment_reference) == (None, named)


def test_event_of_a_dispute_names_each_of_its_payments() -> None:
    transactions = [{"seller_transaction_id": CAPTURE_ID, "custom": CHARGE}, {"seller_transaction_id": "X2"}]
    resource = {"dispute_id": "PP-D-1", "status": "OPEN", "disputed_transactions": transactions}
    reports = reports_of(event("CUSTOMER.DISPUTE.CREATED", resource))
    assert [(report.payment_reference, report.charge_id) for report in reports] == [
        (CAPTURE_ID, CHARGE),
        ("X2", None),
    ]
    assert {report.content for report in reports} == {Look(subject="dispute", psp_reference="PP-D-1")}  # type: ignore[arg-type]


def test_reversal_of_a_capture_is_held_for_a_person() -> None:
    """It takes money without saying whether a dispute tells of the same money."""
    resource = {"id": REFUND_ID, "status": "COMPLETED", "amount": usd("19.99"), "links": UP}
    (report,) = reports_of(event("PAYMENT.CAPTURE.REVERSED", resource))
    assert (report.payment_reference, report.content) == (CAPTURE_ID, None)
    assert report.unreadable


@pytest.mark.parametrize(
    ("event_type", "resource"),
    [
        ("PAYMENT.CAPTURE.COMPLETED", {}),
        ("PAYMENT.CAPTURE.COMPLETED", {"id": 7}),
        ("PAYMENT.CAPTURE.COMPLETED", {"id": "a b"}),
        ("CUSTOMER.DISPUTE.CREATED", {"dispute_id": "PP-D-1", "disputed_transactions": []}),
        ("CUSTOMER.DISPUTE.CREATED", {"dispute_id": "PP-D-1", "disputed_transactions": [{}] * 101}),
    ],
)
def test_event_of_another_shape_is_held(event_type: str, resource: Json) -> None:
    (report,) = reports_of(event(event_type, resource))
    assert (report.content, report.payment_reference) == (None, None)
    assert report.unreadable


@pytest.mark.parametrize(
    "event_type",
    ["VAULT.PAYMENT-TOKEN.CREATED", "BILLING.SUBSCRIPTION.CREATED", "PAYMENT.SALE.COMPLETED", "X" * 300],
)
def test_event_of_something_else_is_ignored(event_type: str) -> None:
    assert isinstance(read_event(event(event_type)), WebhookIgnored)


def test_every_type_paypal_is_told_to_send_is_read() -> None:
    assert [name for name in SUBSCRIBED_TYPES if reader_of(name) is None] == []


def reports_of(body: bytes) -> tuple[WebhookReport, ...]:
    reports = read_event(body)
    assert isinstance(reports, tuple)
    return reports
