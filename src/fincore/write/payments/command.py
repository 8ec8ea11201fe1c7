"""A checked request of a merchant: who makes it, and under which idempotency key."""

import msgspec

from fincore.domain.ids import ApiKeyId, MerchantId, RequestId
from fincore.eventstore.commit import IdempotencyKey, Provenance


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What all requests have in common that are carried out once for their key.

    `wait_seconds` is how long the client will wait for the outcome; 0.0 for one that wants its answer at once.
    """

    merchant_id: MerchantId
    livemode: bool
    key_id: ApiKeyId
    request_id: RequestId
    idempotency_key: str
    fingerprint: bytes
    wait_seconds: float = 0.0

    @property
    def scoped_key(self) -> IdempotencyKey:
        """The idempotency key in its scope."""
        return IdempotencyKey(self.merchant_id, self.livemode, self.idempotency_key)

    @property
    def provenance(self) -> Provenance:
        """Where the events that follow come from."""
        return Provenance(correlation=self.request_id, actor=self.key_id)
