"""A checked request of a merchant or of staff: who makes it, and under which idempotency key."""

import msgspec

from fincore.domain.ids import MerchantId, RequestId
from fincore.eventstore.commit import IdempotencyKey, Provenance


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What all requests have in common that are carried out once for their key.

    `actor` is who makes it, as events name them: the id of an API key, or a member of staff. `fingerprint_before` is what its fingerprint was under a key that was replaced, where it holds a keyed hash. `wait_seconds` is how long the client will wait for the outcome; 0.0 for one that wants its answer at once.
    """

    merchant_id: MerchantId
    livemode: bool
    actor: str
    request_id: RequestId
    idempotency_key: str
    fingerprint: bytes
    fingerprint_before: bytes | None = None
    wait_seconds: float = 0.0

    @property
    def scoped_key(self) -> IdempotencyKey:
        """The idempotency key in its scope."""
        return IdempotencyKey(self.merchant_id, self.livemode, self.idempotency_key)

    def repeats(self, fingerprint: bytes) -> bool:
        """Whether the request that has this fingerprint is the same as this one."""
        return fingerprint in (self.fingerprint, self.fingerprint_before)

    @property
    def provenance(self) -> Provenance:
        """Where the events that follow come from."""
        return Provenance(correlation=self.request_id, actor=self.actor)
