"""One account at PayPal, as an operator configures it: the half that calls, and the half that is told."""

from ipaddress import ip_address
from pathlib import Path
from typing import Final

import msgspec
from yarl import URL

from fincore.domain.errors import ConfigurationError
from fincore.domain.outcome import PspName
from fincore.domain.secret import Secret

PAYPAL: Final = PspName("paypal")

LIVE_URL: Final = "https://api-m.paypal.com"
SANDBOX_URL: Final = "https://api-m.sandbox.paypal.com"
LIVE_CERTIFICATE_HOST: Final = "api.paypal.com"
SANDBOX_CERTIFICATE_HOST: Final = "api.sandbox.paypal.com"


class PayPalAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What a process needs that calls PayPal: the REST app's client id and secret.

    `base_url` is set for a simulator only; PayPal itself is called at the address of the mode. Raise `ConfigurationError`
    for an empty client id, and for a `base_url` of the other mode or one that would carry the secret unencrypted.
    """

    client_id: str
    client_secret: Secret
    expects_livemode: bool
    base_url: str | None = None

    def __post_init__(self) -> None:
        if not self.client_id or not self.client_secret:
            raise ConfigurationError("a PayPal account needs the client id and the secret of its REST app")
        if self.base_url is None:
            return
        expected, other = (LIVE_URL, SANDBOX_URL) if self.expects_livemode else (SANDBOX_URL, LIVE_URL)
        mode = "live" if self.expects_livemode else "test"
        if self.base_url.rstrip("/") == other:
            raise ConfigurationError(
                f"the PayPal account for {mode} mode has the address {other}: leave it out, or use {expected}"
            )
        refuse_unsafe_url(self.base_url)

    @property
    def api_url(self) -> str:
        """The address of the API, without a slash at its end."""
        return (self.base_url or (LIVE_URL if self.expects_livemode else SANDBOX_URL)).rstrip("/")


class PayPalWebhookEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What a process needs that takes PayPal's webhooks.

    `webhook_id` is PayPal's id of the webhook, which its signatures cover. `simulator_url` is the address of a simulator
    that signs in PayPal's place, and `ca_file` holds the certificate of its authority (PEM): without them certificates come
    from PayPal's host of the mode and chain to the roots of the system. Raise `ConfigurationError` for an empty
    `webhook_id`, and for a simulator of an account in live mode or one that is not on loopback.
    """

    webhook_id: str
    expects_livemode: bool
    simulator_url: str | None = None
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if not self.webhook_id:
            raise ConfigurationError("a PayPal account that takes webhooks needs PayPal's id of the webhook")
        is_simulated = self.simulator_url is not None or self.ca_file is not None
        if self.expects_livemode and is_simulated:
            raise ConfigurationError("webhooks of a PayPal account in live mode are signed by PayPal only")
        if self.simulator_url is not None and not is_loopback(URL(self.simulator_url)):
            raise ConfigurationError(
                f"a simulator of PayPal must be on loopback, not at {self.simulator_url}"
            )

    @property
    def certificate_host(self) -> str:
        """PayPal's host that serves the certificates of the mode."""
        return LIVE_CERTIFICATE_HOST if self.expects_livemode else SANDBOX_CERTIFICATE_HOST


def refuse_unsafe_url(address: str) -> None:
    """Raise `ConfigurationError` for an address of the API that is none, or to which a secret must not go."""
    try:
        url = URL(address)
    except ValueError:
        url = URL()
    is_plain_loopback = url.scheme == "http" and is_loopback(url)
    if not url.host or url.user or url.query or not (url.scheme == "https" or is_plain_loopback):
        raise ConfigurationError(
            f"the address of PayPal {address!r} must be https://HOST, or http:// for a simulator on loopback"
        )


def is_loopback(url: URL) -> bool:
    """Whether an address names this machine itself."""
    if url.host == "localhost":
        return True
    try:
        return ip_address(url.host or "").is_loopback
    except ValueError:
        return False
