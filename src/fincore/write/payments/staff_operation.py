"""What a member of staff asks of a charge: as a merchant does, under a key of their own, with their name and a reason."""

from typing import Final

from fincore.domain.events import RefundOrigin
from fincore.domain.ids import MerchantId, RefundId, staff_refund_id
from fincore.domain.staff_decision import Agreement
from fincore.eventstore.commit import IdempotencyKey, Provenance
from fincore.write.payments.operation import OperationCommand

AGREED: Final = MerchantId("staff")
"""Owns the idempotency keys of what two people agreed on: each is the id of a proposal."""


class StaffOperationCommand(OperationCommand, frozen=True, kw_only=True):
    """A checked request of a member of staff. `actor` is theirs, and `by` the name that people read.

    `agreement` names the proposal that it carries out, where a second person had to agree.
    """

    by: str
    reason: str
    agreement: Agreement | None = None

    @property
    def scoped_key(self) -> IdempotencyKey:
        """The key in a scope that no merchant and no other person has."""
        owner = MerchantId(self.actor) if self.agreement is None else AGREED
        return IdempotencyKey(owner, self.livemode, self.idempotency_key)

    @property
    def provenance(self) -> Provenance:
        """The person, why they did it, and who agreed."""
        return Provenance(
            correlation=self.request_id,
            actor=self.actor,
            by=self.by,
            reason=self.reason,
            agreement=self.agreement,
        )

    @property
    def origin(self) -> RefundOrigin:
        """Not the merchant."""
        return "staff"

    @property
    def given_refund_id(self) -> RefundId:
        """The refund of a key is always the same: it is made once, also after the key's response is forgotten."""
        key = self.scoped_key
        return staff_refund_id(self.charge_id, key.merchant_id, key.key)
