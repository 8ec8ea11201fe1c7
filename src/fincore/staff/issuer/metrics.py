"""What the built-in issuer measures."""

from typing import Final

from prometheus_client import Counter

LOGINS: Final = Counter(
    "fincore_staff_logins_total",
    "Attempts to log in at the built-in issuer, by outcome: `logged_in`, `one_time` (a one-time password was right), `wrong`, `throttled`.",
    ("outcome",),
)
