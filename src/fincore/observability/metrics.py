"""How old the figures are that a process measures, and when certificates end, for Prometheus."""

from typing import Final

from prometheus_client import Gauge

CERTIFICATE_ENDS_AT: Final = Gauge(
    "fincore_certificate_ends_timestamp_seconds",
    "When a certificate ends that this process uses, in seconds since 1970: `card_edge`, its own; `eventstore`, `paymentdb`, "
    "`ledgerdb`: of the store's server, where its DSN has it checked; `paypal_live`, `paypal_test`: the one that signed the last webhook of the "
    "mode that was checked anew.",
    ["certificate"],
)
FIGURES_AGE_SECONDS: Final = Gauge(
    "fincore_figures_age_seconds",
    "Seconds since a process last measured figures in its database: of the queue, of webhooks, of a consumer.",
    ["what"],
)
