"""What became of one call to Stripe: a response, nothing sent, or sent and no response."""

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


class NotSent(msgspec.Struct, frozen=True):
    """No connection could be made: Stripe knows nothing of this call."""

    reason: str


class NoResponse(msgspec.Struct, frozen=True):
    """The call may have reached Stripe; what Stripe did with it is not known."""

    reason: str
