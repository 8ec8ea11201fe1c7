"""How one sandbox runs: every option of the command line, checked once."""

import msgspec

from psp_sandbox.delivery import Retries

PAYPAL_RETRIES = Retries(base_seconds=1.0, max_seconds=22_600.0, max_attempts=26)
"""25 more attempts over three days."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Where to listen, where to send webhooks, how slow to be, how much to keep. Bounds are counts of objects.

    `paypal_webhooks` are pairs of a webhook's id and its URL.
    """

    host: str = "127.0.0.1"
    port: int = 12111
    public_url: str | None = None
    webhook_urls: tuple[str, ...] = ()
    webhook_secrets: tuple[str, ...] = ()
    webhook_events: tuple[str, ...] = ("*",)
    webhook_concurrency: int = 64
    retries: Retries = Retries()
    paypal_webhooks: tuple[tuple[str, str], ...] = ()
    paypal_retries: Retries = PAYPAL_RETRIES
    latency_p50_ms: float = 0.0
    latency_p99_ms: float = 0.0
    search_lag_seconds: float = 0.0
    aftermath_delay_seconds: float = 1.0
    max_payments: int = 1_000_000
    max_idempotency_keys: int = 1_000_000
    seed: int | None = None
    log_level: str = "info"
