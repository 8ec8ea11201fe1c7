"""The settings of channels to operations: what is taken, and that no refusal repeats a secret."""

import pytest

from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.ops_channels import channels_of
from fincore.domain.clock import SystemClock
from fincore.domain.errors import ConfigurationError
from fincore.reconciliation.notification.places import ADDRESSES_MAX, SmtpServer

WEBHOOK = {
    "FINCORE_OPS_WEBHOOK_URL": "https://hooks.internal:8443/services/T000",
    "FINCORE_OPS_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}
MAIL = {
    "FINCORE_OPS_SMTP_URL": "smtp://ops%40acme@mail.example.com",
    "FINCORE_OPS_SMTP_PASSWORD": "hunter22",
    "FINCORE_OPS_EMAIL_FROM": "fincore@example.com",
    "FINCORE_OPS_EMAIL_TO": "ops@example.com, finance@example.com",
}


def channels(environment: dict[str, str]) -> list[str]:
    return [one.name for one in channels_of(read_settings(environment), SystemClock())]


def test_console_is_always_a_channel() -> None:
    assert channels({}) == ["console"]
    assert channels(WEBHOOK | MAIL) == ["console", "webhook", "email"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("smtps://mail.example.com", SmtpServer("mail.example.com", 465, "implicit", None)),
        ("smtps://ops@mail.example.com:2465", SmtpServer("mail.example.com", 2465, "implicit", "ops")),
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 587, "starttls", None)),
        ("smtp://10.0.0.5:25", SmtpServer("10.0.0.5", 25, "starttls", None)),
        ("smtp://mail:25", SmtpServer("mail", 25, "starttls", None)),
        ("smtp://localhost:25", SmtpServer("localhost", 25, "none", None)),
        ("smtp://[::1]:25", SmtpServer("::1", 25, "none", None)),
        ("smtps://localhost", SmtpServer("localhost", 465, "implicit", None)),
        (
            "smtp://ops%40acme.com@mail.example.com",
            SmtpServer("mail.example.com", 587, "starttls", "ops@acme.com"),
        ),
    ],
)
def test_mail_server_has_tls_unless_it_is_this_machine(text: str, expected: SmtpServer) -> None:
    assert read_settings({"FINCORE_OPS_SMTP_URL": text}).ops_smtp_url == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("FINCORE_OPS_SMTP_URL", "smtps://ops:hunter22@mail.example.com"),
        ("FINCORE_OPS_SMTP_URL", "mail.example.com:587#hunter22"),
        ("FINCORE_OPS_SMTP_URL", "http://mail.example.com/hunter22"),
        ("FINCORE_OPS_SMTP_URL", "smtp://mail.example.com:99999/hunter22"),
        ("FINCORE_OPS_SMTP_URL", "smtp://mail.example.com/hunter22"),
        ("FINCORE_OPS_SMTP_URL", "smtp:///hunter22"),
        ("FINCORE_OPS_SMTP_URL", "smtp://ops%0d%0ahunter22@mail.example.com"),
        ("FINCORE_OPS_WEBHOOK_URL", "http://hooks.example.com/hunter22"),
        ("FINCORE_OPS_WEBHOOK_URL", "https://ops:hunter22@hooks.example.com"),
        ("FINCORE_OPS_WEBHOOK_URL", "https://hooks.example.com/#hunter22"),
        ("FINCORE_OPS_WEBHOOK_URL", "https:///hunter22"),
        ("FINCORE_OPS_WEBHOOK_URL", "https://hooks.example.com/hunter 22"),
        ("FINCORE_OPS_WEBHOOK_URL", "https://hooks.example.com:0/hunter22"),
        ("FINCORE_OPS_WEBHOOK_URL", f"https://hooks.example.com/hunter22{'x' * 2_048}"),
        ("FINCORE_OPS_WEBHOOK_SECRET", "hunter22"),
        ("FINCORE_OPS_WEBHOOK_SECRET", "whsec_hunter22"),
        ("FINCORE_OPS_WEBHOOK_SECRET", f"whsec_hunter22{'A' * 90}"),
        ("FINCORE_OPS_EMAIL_FROM", "hunter22"),
        ("FINCORE_OPS_EMAIL_FROM", "Ops <hunter22@example.com>"),
        ("FINCORE_OPS_EMAIL_FROM", "hunter22@example.com\r\nBcc: x@example.com"),
        ("FINCORE_OPS_EMAIL_FROM", f"hunter22@{'e' * 300}.com"),
        ("FINCORE_OPS_EMAIL_TO", "ops@example.com, hunter22"),
        ("FINCORE_OPS_EMAIL_TO", ",".join(f"hunter22{n}@example.com" for n in range(ADDRESSES_MAX + 1))),
        ("FINCORE_OPS_TELL", "hunter22"),
        ("FINCORE_OPS_UNCLEARED_DAYS", "0"),
    ],
)
def test_wrong_setting_is_named_and_not_repeated(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} ") as error:
        read_settings({name: text})
    assert "hunter22" not in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "url", ["https://10.0.0.5/hook", "https://hooks.internal/hook", "http://127.0.0.1:9000/hook"]
)
def test_webhook_may_lead_into_the_own_network(url: str) -> None:
    assert channels(WEBHOOK | {"FINCORE_OPS_WEBHOOK_URL": url}) == ["console", "webhook"]


@pytest.mark.parametrize("left_out", [*WEBHOOK, *MAIL])
def test_incomplete_channel_is_refused(left_out: str) -> None:
    environment = {name: text for name, text in (WEBHOOK | MAIL).items() if name != left_out}
    with pytest.raises(ConfigurationError, match="FINCORE_OPS_"):
        channels(environment)


def test_user_without_a_password_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="FINCORE_OPS_SMTP_PASSWORD"):
        channels(MAIL | {"FINCORE_OPS_SMTP_URL": "smtp://mail.example.com"})
