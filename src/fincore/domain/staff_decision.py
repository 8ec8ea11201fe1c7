"""That a member of staff decided, and who agreed: what events keep beside the name of the person. Pure."""

from hashlib import sha256

import msgspec
from msgspec import json

from fincore.domain.ids import ProposalId
from fincore.domain.staff_actor import StaffActor, operator_actor


class Agreement(msgspec.Struct, frozen=True):
    """A second person agreed to what one person proposed."""

    proposal_id: ProposalId
    approver: StaffActor


class StaffDecision(msgspec.Struct, frozen=True, omit_defaults=True):
    """A decision that a member of staff made, and not an operator at a terminal.

    `subject` is what the issuer knows the person by; `agreement` is None where they decided alone. `request` is what `request_of` makes of
    the request by which they did: one that is repeated after the process died is known by it, also where the decision was taken back since.
    """

    subject: str
    agreement: Agreement | None = None
    request: str | None = None


def request_of(owner: str, key: str, fingerprint: bytes) -> str:
    """A request by its idempotency key, the owner of the key, and its fingerprint: 64 hexadecimal digits."""
    named = json.encode([owner, key, fingerprint.hex()])
    return sha256(named).hexdigest()


def actor_of(by: str, staff: StaffDecision | None) -> str:
    """The actor of a decision, as it is stored beside events. `by` is the name that people read."""
    return operator_actor(by) if staff is None else StaffActor(staff.subject, by).actor
