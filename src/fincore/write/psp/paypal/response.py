"""A response of PayPal, read."""

from typing import Generic, TypeVar

import msgspec

from fincore.write.psp.paypal.wire import PayPalError

T = TypeVar("T")


class Response(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """PayPal answered. Both `body` and `error` are None when the response could not be read, or has no content (204).

    `debug_id` is what PayPal's support asks for.
    """

    status: int
    body: T | None
    error: PayPalError | None
    debug_id: str | None
