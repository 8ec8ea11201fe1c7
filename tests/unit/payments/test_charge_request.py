"""What is refused in a request to create a charge, and what is taken."""

import msgspec
import pytest

from fincore.domain.currency import ACTIVE_CURRENCIES
from fincore.http.idempotency_key import fingerprint_of
from fincore.write.payments.charge_request import ChargeRequest, checked
from fincore.write.payments.flaw import Flaw
from fincore.write.payments.payment_method_request import (
    HostedCardPaymentMethod,
    PagedPaymentMethod,
    PayPalPaymentMethod,
    PayPalVaultPaymentMethod,
)


def request(**changes: object) -> ChargeRequest:
    fields: dict[str, object] = {"amount_minor": 1, "currency": "usd", "payment_method": "pm_1"}
    return ChargeRequest(**(fields | changes))  # type: ignore[arg-type]


def flaw(**changes: object) -> tuple[str, str]:
    found = checked(request(**changes))
    assert isinstance(found, Flaw)
    return found.code, found.param


def test_a_good_request_is_taken_as_it_is() -> None:
    good = request(
        description="ü" * 1000,
        customer_email="a+b@xn--bcher-kva.example",
        metadata={"k" * 40: "v" * 500, "ключ": "", "order": "4242424242424241"},
    )
    assert checked(good) is good


def test_a_currency_of_any_letter_case_becomes_lower_case() -> None:
    for code in ACTIVE_CURRENCIES:
        for spelled in (code, code.upper(), code.title()):
            assert checked(request(currency=spelled)) == request(currency=code)


@pytest.mark.parametrize(
    "currency", ["", "us", "bgn", "ANG", "usdt", "xau", "xxx", "\uff35\uff33\uff24", "u\u017fd"]
)
def test_currency_outside_iso_4217_is_refused(currency: str) -> None:
    assert flaw(currency=currency) == ("currency_unknown", "currency")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("description", "4242 4242 4242 4242"),
        ("description", "call 4000-0025-0000-3155 now"),
        ("payment_method", "5555555555554444"),
        ("customer_email", "378282246310005@example.com"),
        ("currency", "6011111111111117"),
    ],
)
def test_card_number_in_any_field_is_refused_and_not_repeated(field: str, value: str) -> None:
    found = checked(request(**{field: value}))
    assert isinstance(found, Flaw)
    assert (found.code, found.param) == ("card_number_not_allowed", field)
    assert not any(part in found.detail for part in value.split())


def test_no_text_is_searched_before_its_length_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[int] = []

    def search(text: str) -> bool:
        searched.append(len(text))
        return False

    monkeypatch.setattr("fincore.write.payments.flaw.holds_card_number", search)
    long = "4 " * 30_000
    assert flaw(metadata={"order": "fine", "note": long}) == ("field_invalid", "metadata.note")
    assert flaw(metadata={long: "x"}) == ("field_invalid", "metadata")
    assert searched == [len("note")]


def test_digits_parted_over_two_fields_are_no_card_number() -> None:
    parted = request(
        metadata={"a": "42424242", "b": "42424242", "4242": "424242424242"},
        description="4242424242424",
        customer_email="242@example.com",
    )
    assert checked(parted) is parted


def test_metadata_flaw_names_key_unless_key_is_bad() -> None:
    assert flaw(metadata={"order": "4242424242424242"}) == ("card_number_not_allowed", "metadata.order")
    assert flaw(metadata={"4242424242424242": "x" * 501}) == ("card_number_not_allowed", "metadata")
    assert flaw(metadata={"4242424242424242": ""}) == ("card_number_not_allowed", "metadata")
    assert flaw(metadata={"order": "\0"}) == ("text_not_storable", "metadata.order")
    assert flaw(metadata={"a]": ""}) == ("field_invalid", "metadata")
    assert flaw(metadata={"x" * 41: "4242424242424242"}) == ("field_invalid", "metadata")


GOOD_URLS = (
    "https://shop.example",
    "https://shop.example/",
    "https://shop.example:1",
    "https://shop.example:65535/",
    "https://shop.example:8443/orders/6735?from=bank&x=%C3%BC",
    "https://xn--bcher-kva.example/?next=/a;b,c",
    "https://192.0.2.1/back",
    "http://localhost:3000/back",
    "http://127.0.0.1/back",
    "http://127.8.9.10:80",
    "http://[::1]:3000/?a[]=1",
    "https://s.example/" + "x" * 2_030,
)
BAD_URLS = (
    "",
    "shop.example",
    "/orders/6735",
    "//shop.example",
    "ftp://shop.example",
    "javascript:alert(1)",
    "HTTPS://shop.example",
    "http://shop.example",
    "http://localhost.example",
    "http://127.0.0.1.example",
    "https://",
    "https:///back",
    "https://ada@shop.example",
    "https://ada:secret@shop.example",
    "https://shop.example@evil.example",
    "http://localhost@evil.example",
    "https://shop.example/#paid",
    "https://shop.example#",
    "https://shop.example\\@evil.example",
    "https://shop.example/a b",
    "https://shop.example/\n",
    "https://shop.example/\u00fc",
    "https://b\u00fccher.example",
    "https://-shop.example",
    "https://shop..example",
    "https://shop.example:",
    "https://shop.example:port/",
    "https://shop.example:123456/",
    "https://shop.example:65536/",
    "https://shop.example:70000",
    "https://shop.example:0/",
    "https://shop.example:0443/",
    "https://[::1]/",
    " https://shop.example",
)


@pytest.mark.parametrize("name", ["return_url", "cancel_url"])
@pytest.mark.parametrize("url", GOOD_URLS, ids=range(len(GOOD_URLS)))
def test_return_url_takes_https_and_loopback_http(name: str, url: str) -> None:
    good = request(**{name: url})
    assert checked(good) is good


@pytest.mark.parametrize("name", ["return_url", "cancel_url"])
@pytest.mark.parametrize("url", BAD_URLS, ids=range(len(BAD_URLS)))
def test_invalid_return_url_is_refused(name: str, url: str) -> None:
    assert flaw(**{name: url}) == ("field_invalid", name)


def test_a_card_number_is_refused_in_a_place_to_come_back_to() -> None:
    url = "https://shop.example/?card=4242424242424242"
    assert flaw(return_url=url) == ("card_number_not_allowed", "return_url")


@pytest.mark.parametrize("wallet", [PayPalPaymentMethod(), HostedCardPaymentMethod()])
def test_page_of_the_psp_needs_both_places_to_come_back_to(wallet: PagedPaymentMethod) -> None:
    page = "https://shop.example/"
    assert flaw(payment_method=wallet) == ("field_missing", "return_url")
    assert flaw(payment_method=wallet, return_url=page) == ("field_missing", "cancel_url")
    good = request(payment_method=wallet, return_url=page, cancel_url=page)
    assert checked(good) is good


def test_account_of_a_wallet_is_checked_as_a_cards() -> None:
    page = "https://shop.example/"
    for account, found in (
        ("ü", ("field_invalid", "payment_method.account")),
        ("4242424242424242", ("card_number_not_allowed", "payment_method.account")),
    ):
        wallet = PayPalPaymentMethod(account=account)
        assert flaw(payment_method=wallet, return_url=page, cancel_url=page) == found
    good = request(payment_method=PayPalPaymentMethod(account="shop"), return_url=page, cancel_url=page)
    assert checked(good) is good


def test_a_kept_paypal_account_needs_no_place_to_come_back_to() -> None:
    good = request(payment_method=PayPalVaultPaymentMethod(token="8kk-8451t"))
    assert checked(good) is good


RELEASE_0_2_0 = {
    b'{"amount_minor":1999,"currency":"usd","payment_method":"pm_card_visa"}': (
        "57be29d8886ca43bfa0cb0517164c6b13431607bb9c2bee689087bd51deef413"
    ),
    b'{"amount_minor":1999,"currency":"USD","payment_method":"pm_card_visa","capture":false,'
    b'"description":"Order 6735","customer_email":"ada@example.com","metadata":{"shop":"nord","order_id":"6735"},'
    b'"return_url":"https://shop.example/orders/6735"}': (
        "4889d31b6b7848a54a2f1dd2fbf18a7567b4cf7d54a5085cd37d5e1ea38666fc"
    ),
}
"""Body -> the fingerprint that release 0.2.0 stored with its idempotency key."""


@pytest.mark.parametrize("body", RELEASE_0_2_0, ids=["least", "all fields"])
def test_a_body_of_release_0_2_0_keeps_its_fingerprint(body: bytes) -> None:
    """An upgrade lies between a request and its repetition; the key then gets its first response, and no second charge."""
    sent = checked(msgspec.json.decode(body, type=ChargeRequest))
    assert isinstance(sent, ChargeRequest)
    assert fingerprint_of("POST", "/v1/charges", sent).hex() == RELEASE_0_2_0[body]


def test_request_schema_states_the_checked_bounds() -> None:
    _, schemas = msgspec.json.schema_components([ChargeRequest])
    properties = schemas["ChargeRequest"]["properties"]
    assert properties["currency"]["enum"] == sorted(ACTIVE_CURRENCIES)
    assert properties["payment_method"]["anyOf"][0]["pattern"] == r"^[A-Za-z0-9_\-]{1,255}$"
    assert properties["metadata"]["maxProperties"] == 50
    assert schemas["ChargeRequest"]["additionalProperties"] is False
    assert schemas["ChargeRequest"]["required"] == ["amount_minor", "currency"]
