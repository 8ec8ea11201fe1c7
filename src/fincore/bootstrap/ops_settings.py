"""The settings that say how operations are told of reconciliation, and when."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, get_args

from fincore.bootstrap.setting import setting
from fincore.bootstrap.setting_values import OPTIONAL_URL, Form, Number, OneOf
from fincore.domain.errors import ConfigurationError
from fincore.domain.secret import Secret
from fincore.reconciliation.notification.notice import Tell
from fincore.reconciliation.notification.places import (
    Refused,
    SmtpServer,
    mail_address,
    mail_addresses,
    signing_secret,
    smtp_server,
    sns_topic,
    webhook_url,
)

T = TypeVar("T")


def _read(allowed: str, read: Callable[[str], T]) -> Form[T | None]:
    def read_or_none(name: str, text: str) -> T | None:
        try:
            return read(text) if text else None
        except Refused as error:
            raise ConfigurationError(f"{name} {error}") from None

    return Form(allowed, read_or_none)


@dataclass(frozen=True, kw_only=True)
class OpsSettings:
    """A part of `Settings`."""

    ops_tell: Tell = setting(
        OneOf[Tell](get_args(Tell)),
        "when operations are told of a run of reconciliation and of a day: each time, or only where something needs a person",
        default="findings",
    )
    ops_uncleared_days: int = setting(
        Number(int, 1, 365, "days"),
        "age of uncleared money above which operations are told of it",
        default="10",
    )
    ops_webhook_url: Secret | None = setting(
        _read("https://...", lambda text: Secret(webhook_url(text))),
        "where notices to operations are posted, also in your own network; empty: nowhere",
        is_secret=True,
    )
    ops_webhook_secret: Secret | None = setting(
        _read("whsec_...", lambda text: Secret(signing_secret(text))),
        "what signs those notices (Standard Webhooks); needed beside FINCORE_OPS_WEBHOOK_URL",
        is_secret=True,
    )
    ops_smtp_url: SmtpServer | None = setting(
        _read("smtps://user@host:465 or smtp://user@host:587", smtp_server),
        "mail server for notices to operations: TLS from the first byte, or by STARTTLS; without TLS only on this machine; empty: none",
        # Not shown: the password may be written here by mistake.
        is_secret=True,
    )
    ops_smtp_password: Secret | None = setting(
        _read("a text", Secret), "password of the user in FINCORE_OPS_SMTP_URL", is_secret=True
    )
    ops_email_from: str | None = setting(
        _read("an address", mail_address), "sender of those mails; needed beside FINCORE_OPS_SMTP_URL"
    )
    ops_email_to: tuple[str, ...] | None = setting(
        _read("1 to 20 addresses, separated by commas", mail_addresses),
        "recipients of those mails; needed beside FINCORE_OPS_SMTP_URL",
    )
    ops_sns_topic: str | None = setting(
        _read("arn:aws:sns:...", sns_topic),
        "topic of SNS for notices to operations, which needs the extra `aws`; empty: none",
    )
    ops_sns_url: str | None = setting(OPTIONAL_URL, "an emulator of SNS; empty: AWS itself")
