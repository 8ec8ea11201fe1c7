"""A response of Stripe, read."""

from typing import Generic, TypeVar

import msgspec

from fincore.write.psp.stripe.wire import StripeError

T = TypeVar("T")


class Response(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Stripe answered. Both `body` and `error` are None when the response could not be read.

    `should_retry` is Stripe's own advice (`Stripe-Should-Retry`), None where it gives none.
    """

    status: int
    body: T | None
    error: StripeError | None
    request_id: str | None
    should_retry: bool | None
