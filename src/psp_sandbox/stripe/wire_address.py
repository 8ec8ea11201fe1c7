"""Postal addresses, field for field as they go over the wire."""

from msgspec import Struct


class Address(Struct, frozen=True, kw_only=True, gc=False):
    """A postal address; also what a request may say of one."""

    city: str | None = None
    country: str | None = None
    line1: str | None = None
    line2: str | None = None
    postal_code: str | None = None
    state: str | None = None
