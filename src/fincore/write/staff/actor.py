"""A person of staff as logs and records name it. Pure."""

from typing import Final

import msgspec

from fincore.domain.ids import MerchantId
from fincore.eventstore.commit import IdempotencyKey

STAFF: Final = "staff:"
"""Begins the actor of an event that a person of staff caused, and the owner of that person's idempotency keys."""


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts. `subject` is the issuer's `sub`; `username` is for people to read, and may change."""

    subject: str
    username: str

    @property
    def provenance(self) -> str:
        """The actor in the provenance of an event."""
        return f"{STAFF}{self.subject}"

    def idempotency_key(self, key: str, *, livemode: bool) -> IdempotencyKey:
        """A key of the person's own: the same text of a merchant, or of another person, is another key."""
        return IdempotencyKey(MerchantId(f"{STAFF}{self.subject}"), livemode, key)
