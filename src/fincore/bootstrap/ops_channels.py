"""The channels to operations that the settings name."""

from fincore.bootstrap.settings import Settings
from fincore.domain.clock import Clock
from fincore.domain.errors import ConfigurationError
from fincore.reconciliation.notification.channel import Channel
from fincore.reconciliation.notification.console import Console


def check_channels(settings: Settings) -> None:
    """Raise `ConfigurationError` where the settings of a channel are not complete."""
    if (settings.ops_webhook_url is None) != (settings.ops_webhook_secret is None):
        raise ConfigurationError(
            "FINCORE_OPS_WEBHOOK_URL and FINCORE_OPS_WEBHOOK_SECRET need each other: set both, or none"
        )
    server = settings.ops_smtp_url
    given = (settings.ops_email_from, settings.ops_email_to)
    if server is None:
        if any(given) or settings.ops_smtp_password:
            raise ConfigurationError(
                "FINCORE_OPS_SMTP_URL is not set: set it beside FINCORE_OPS_EMAIL_FROM, FINCORE_OPS_EMAIL_TO and "
                "FINCORE_OPS_SMTP_PASSWORD, or set none of them"
            )
        return
    if not all(given):
        raise ConfigurationError(
            "FINCORE_OPS_SMTP_URL needs a sender and recipients: set FINCORE_OPS_EMAIL_FROM and FINCORE_OPS_EMAIL_TO"
        )
    if (server.user is None) != (settings.ops_smtp_password is None):
        raise ConfigurationError(
            "FINCORE_OPS_SMTP_PASSWORD and the user in FINCORE_OPS_SMTP_URL need each other: set both, or none"
        )


def channels_of(settings: Settings, clock: Clock) -> list[Channel]:
    """The console, and the channels that are set. Raises `ConfigurationError`."""
    check_channels(settings)
    found: list[Channel] = [Console()]
    if settings.ops_webhook_url is not None and settings.ops_webhook_secret is not None:
        from fincore.reconciliation.notification.webhook import Webhook

        found.append(Webhook(settings.ops_webhook_url.reveal(), settings.ops_webhook_secret, clock))
    if settings.ops_smtp_url is not None and settings.ops_email_from and settings.ops_email_to:
        from fincore.reconciliation.notification.mail import Mail

        found.append(
            Mail(
                settings.ops_smtp_url,
                settings.ops_smtp_password,
                clock,
                sender=settings.ops_email_from,
                recipients=settings.ops_email_to,
            )
        )
    if settings.ops_sns_topic is not None:
        from fincore.bootstrap.ops_topic import ops_topic

        found.append(ops_topic(settings.ops_sns_topic, url=settings.ops_sns_url))
    return found
