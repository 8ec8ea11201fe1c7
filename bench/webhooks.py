"""Webhooks on both sides: what the PSP sends in, what merchants are sent."""

from bench import merchant_events, merchant_webhooks, psp_webhooks
from bench.store import Store


def measure(store: Store) -> None:
    """Measure the one, then the other: what a delivery costs, then deliveries beside all that they are about."""
    psp_webhooks.measure(store)
    merchant_events.measure(store)
    merchant_webhooks.measure(store)
