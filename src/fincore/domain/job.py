"""A piece of work to do later, written in the same commit as the event that calls for it."""

from typing import Literal

import msgspec

JobKind = Literal[
    "charge.authorize",
    "charge.complete",
    "charge.capture",
    "charge.cancel",
    "charge.resolve",
    "charge.follow",
    "charge.inquire",
    "charge.review",
    "attempt.reverse",
    "refund.send",
    "refund.resolve",
    "checkout_session.follow",
    "checkout_session.expire",
    "webhook.interpret",
]
"""What a worker is asked to do: call the PSP (`authorize`, `complete`, `capture`, `cancel`, `send`), find out an outcome that is
unknown (`resolve`), poll a charge that waits for its customer or for a time (`follow`), ask once how a
charge stands after its customer may have acted (`inquire`), decide a review that no person decided in time (`review`), see that an abandoned attempt has no money (`reverse`), do what a checkout
session is to have done now (`checkout_session.follow`) or at the end of its time (`expire`), process a stored webhook (`interpret`)."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """`payload` is JSON that holds ids and never card data or secrets.

    A job with a `dedupe_key` is left out while another one with this key is queued or being done. `traceparent` (W3C Trace Context) names
    what the job follows, where traces are exported.
    """

    kind: JobKind
    payload: bytes
    delay_seconds: float = 0.0
    dedupe_key: str | None = None
    traceparent: str | None = None
