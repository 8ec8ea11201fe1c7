"""What servers of HTTP measure. `server` is the name of a role, such as `api` or `staff`."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

REQUEST_SECONDS: Final = Histogram(
    "fincore_http_request_seconds",
    "Duration of requests in seconds, by method, route and class of status.",
    ("method", "route", "status"),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
MERCHANT_REQUESTS: Final = Counter(
    "fincore_merchant_requests_total",
    "Requests to `/v1` that need a key, by the mode and kind of key that they show, by whether they write (`accept`) or `read`, and by "
    "result: `answered`; `unauthorized`, 401; `limited`, 429; `unavailable`, 503; `failed`, another 5xx.",
    ("mode", "key", "purpose", "result"),
)
MERCHANT_REQUEST_SECONDS: Final = Histogram(
    "fincore_merchant_request_seconds",
    "Duration in seconds of those that were `answered`, but for those that waited for an outcome, as their `Prefer: wait` asks.",
    ("mode", "key", "purpose"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
REQUESTS_IN_FLIGHT: Final = Gauge(
    "fincore_http_requests_in_flight", "Requests that are being handled, by server.", ("server",)
)
REQUESTS_WAITING: Final = Gauge(
    "fincore_http_requests_waiting",
    "Requests that wait for an outcome, as their `Prefer: wait` asks, by server.",
    ("server",),
)
REQUESTS_LIMITED: Final = Counter(
    "fincore_http_requests_limited_total",
    "Requests refused with 429: `rate`, too many a second by one key; `share`, too many of one merchant at a time; "
    "`address`, too many a second of one address of customers; `person`, too many a second of one person of staff.",
    ("reason",),
)
CONNECTIONS: Final = Gauge("fincore_http_connections", "Connections to the server.")
CONNECTIONS_ENDED: Final = Counter(
    "fincore_http_connections_ended_total",
    "Connections ended because they broke a bound, by the code of the problem or by their stage: `idle`, `body`, `unread` ...",
    ("reason",),
)
