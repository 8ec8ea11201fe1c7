"""What an operator may configure of PayPal, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from fincore.domain.errors import ConfigurationError
from fincore.domain.secret import Secret
from fincore.write.psp.paypal.account import PayPalAccount, PayPalWebhookEndpoint


def account(**changes: Any) -> PayPalAccount:
    given: dict[str, Any] = {
        "client_id": "client",
        "client_secret": Secret("hidden"),
        "expects_livemode": False,
    }
    return PayPalAccount(**(given | changes))


@pytest.mark.parametrize(
    ("mode", "base_url", "called"),
    [
        ("live", None, "https://api-m.paypal.com"),
        ("test", None, "https://api-m.sandbox.paypal.com"),
        ("test", "https://api-m.sandbox.paypal.com/", "https://api-m.sandbox.paypal.com"),
        ("test", "http://127.0.0.1:9/", "http://127.0.0.1:9"),
        ("test", "http://[::1]:9", "http://[::1]:9"),
        ("live", "https://egress.internal", "https://egress.internal"),
    ],
)
def test_paypal_account_calls_address_of_its_mode(mode: str, base_url: str | None, called: str) -> None:
    assert account(expects_livemode=mode == "live", base_url=base_url).api_url == called


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": ""},
        {"client_secret": Secret("")},
        {"expects_livemode": True, "base_url": "https://api-m.sandbox.paypal.com"},
        {"expects_livemode": False, "base_url": "https://api-m.paypal.com/"},
        {"base_url": "http://paypal.internal"},
        {"base_url": "https://user@paypal.internal"},
        {"base_url": "ftp://127.0.0.1"},
        {"base_url": "127.0.0.1:9"},
        {"base_url": ""},
    ],
)
def test_paypal_account_that_cannot_be_right_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        account(**changes)


def test_paypal_account_does_not_show_its_secret() -> None:
    assert "hidden" not in repr(account())


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook_id": ""},
        {"expects_livemode": True, "simulator_url": "http://127.0.0.1:9"},
        {"expects_livemode": True, "ca_file": Path("ca.pem")},
        {"simulator_url": "http://paypal.internal"},
        {"simulator_url": "http://127.0.0.1.evil.example"},
    ],
)
def test_paypal_webhooks_of_unfit_simulator_are_refused(changes: dict[str, Any]) -> None:
    given: dict[str, Any] = {"webhook_id": "WH-1", "expects_livemode": False}
    with pytest.raises(ConfigurationError):
        PayPalWebhookEndpoint(**(given | changes))
