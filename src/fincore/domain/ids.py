"""Ids: a visible prefix and a UUIDv7 inside (TypeID 0.3), so that ids of one kind sort by time of birth."""

from functools import lru_cache
from typing import Final, NewType
from uuid import UUID, uuid5

import uuid_utils
from typeid import TypeID
from typeid.base32 import encode
from typeid.errors import TypeIDException
from uuid_utils.compat import uuid7

from fincore.domain.errors import InvalidId

MerchantId = NewType("MerchantId", str)
ApiKeyId = NewType("ApiKeyId", str)
ChargeId = NewType("ChargeId", str)
RefundId = NewType("RefundId", str)
DisputeId = NewType("DisputeId", str)
CheckoutSessionId = NewType("CheckoutSessionId", str)
PayoutId = NewType("PayoutId", str)
SettlementFileId = NewType("SettlementFileId", str)
AdjustmentId = NewType("AdjustmentId", str)
RunId = NewType("RunId", str)
"""A run of reconciliation."""
CardId = NewType("CardId", str)
"""A card that the vault keeps."""
ActId = NewType("ActId", str)
"""What a person of staff did, in the audit trail."""
ProposalId = NewType("ProposalId", str)
"""What one person of staff proposed and another has to agree to."""
StaffSubject = NewType("StaffSubject", str)
"""A person of the built-in issuer of staff."""
EventId = NewType("EventId", UUID)
StreamId = NewType("StreamId", UUID)
"""A stream is one consistency boundary of the log; its id is the UUID inside the public id of what it is about."""
RequestId = NewType("RequestId", str)
WebhookEndpointId = NewType("WebhookEndpointId", str)
WebhookDeliveryId = NewType("WebhookDeliveryId", str)

REMEMBERED_MAX: Final = 10_000
"""For how many charges id and stream are kept: of one charge that moves, both are asked for a dozen times."""

_PAYOUTS: Final = UUID("b1f0c1b7-5a5e-4c39-9d0e-6f3c1f4d9a27")
_SETTLEMENT_FILES: Final = UUID("0f6a52b4-8f1d-4f6e-a7a3-2b0b7a1c5d83")
_ADJUSTMENTS: Final = UUID("7c0f3f6d-52a1-4d0a-9a52-6b9a3f0c2e41")
"""The namespaces of what is found again by what it is: whichever report tells of a payout first, its stream is the same."""


def new_merchant_id() -> MerchantId:
    return MerchantId(_new("mer"))


def new_api_key_id() -> ApiKeyId:
    return ApiKeyId(_new("key"))


def new_charge_id() -> ChargeId:
    return ChargeId(_new("ch"))


def new_refund_id() -> RefundId:
    return RefundId(_new("re"))


def reversal_refund_id(charge_id: ChargeId, attempt: int) -> RefundId:
    """The id of the refund that gives back what an abandoned attempt took: always the same, so that it is made once."""
    return RefundId(_spelled(uuid5(stream_of(charge_id), f"attempt:{attempt}"), "re"))


def staff_refund_id(charge_id: ChargeId, owner: str, key: str) -> RefundId:
    """The id of the refund that staff ask for under an idempotency key: always the same, so that it is made once."""
    return RefundId(_spelled(uuid5(stream_of(charge_id), f"{owner}:{key}"), "re"))


def second_payment_refund_id(charge_id: ChargeId) -> RefundId:
    """The id of the refund that gives a second payment of a checkout session back: always the same, so that it is made once."""
    return RefundId(_spelled(uuid5(stream_of(charge_id), "second_payment"), "re"))


def session_charge_id(session_id: CheckoutSessionId, attempt: int) -> ChargeId:
    """The id of the charge of a session's attempt: always the same, so that it is made once."""
    return ChargeId(_spelled(uuid5(session_stream_of(session_id), f"attempt:{attempt}"), "ch"))


def payout_id_of(*, livemode: bool, psp: str, psp_account: str, psp_reference: str) -> PayoutId:
    """The id of what the PSP calls `psp_reference` among the payouts of an account: always the same, so that it is booked once."""
    named = f"{_mode(livemode=livemode)}:{psp}:{psp_account}:{psp_reference}"
    return PayoutId(_spelled(uuid5(_PAYOUTS, named), "po"))


def settlement_file_id_of(*, livemode: bool, psp: str, psp_account: str, sha256: str) -> SettlementFileId:
    """The id of a file of an account, by the SHA-256 of its bytes in hex: always the same, so that it is booked once."""
    named = f"{_mode(livemode=livemode)}:{psp}:{psp_account}:{sha256}"
    return SettlementFileId(_spelled(uuid5(_SETTLEMENT_FILES, named), "sf"))


def adjustment_id_of(*, run_id: RunId, subject: str, generation: int) -> AdjustmentId:
    """The id of an adjustment of the break that a run found first of a subject: always the same, so that it is booked once.

    `generation` counts the adjustments of the break, from 1.
    """
    return AdjustmentId(_spelled(uuid5(_ADJUSTMENTS, f"{run_id}:{subject}:{generation}"), "adj"))


def opening_adjustment_id_of(
    *, livemode: bool, psp: str, psp_account: str, currency: str, generation: int
) -> AdjustmentId:
    """The same of what an account held in a currency before its first statement."""
    named = f"opening:{_mode(livemode=livemode)}:{psp}:{psp_account}:{currency}:{generation}"
    return AdjustmentId(_spelled(uuid5(_ADJUSTMENTS, named), "adj"))


def new_run_id() -> RunId:
    return RunId(_new("run"))


def new_dispute_id() -> DisputeId:
    return DisputeId(_new("dp"))


def new_card_id() -> CardId:
    return CardId(_new("card"))


def new_stream_id() -> StreamId:
    """The stream of something new; `charge_of` and `session_of` spell the id of what it is about."""
    return StreamId(uuid7())


def new_event_id() -> EventId:
    return EventId(uuid7())


def new_staff_subject() -> StaffSubject:
    return StaffSubject(_new("per"))


def new_act_id() -> ActId:
    return ActId(_new("act"))


def new_proposal_id() -> ProposalId:
    return ProposalId(_new("prop"))


def new_request_id() -> RequestId:
    return RequestId(_new("req"))


def new_webhook_endpoint_id() -> WebhookEndpointId:
    return WebhookEndpointId(_new("we"))


def new_webhook_delivery_id() -> WebhookDeliveryId:
    return WebhookDeliveryId(_new("msg"))


def parse_merchant_id(text: str) -> MerchantId:
    """Raise `InvalidId` unless the text is a merchant id."""
    _uuid_inside(text, "mer")
    return MerchantId(text)


def parse_api_key_id(text: str) -> ApiKeyId:
    """Raise `InvalidId` unless the text is the id of an API key."""
    _uuid_inside(text, "key")
    return ApiKeyId(text)


def parse_charge_id(text: str) -> ChargeId:
    """Raise `InvalidId` unless the text is a charge id."""
    charge_id = ChargeId(text)
    stream_of(charge_id)
    return charge_id


def parse_refund_id(text: str) -> RefundId:
    """Raise `InvalidId` unless the text is a refund id."""
    _uuid_inside(text, "re")
    return RefundId(text)


def parse_dispute_id(text: str) -> DisputeId:
    """Raise `InvalidId` unless the text is a dispute id."""
    _uuid_inside(text, "dp")
    return DisputeId(text)


def parse_checkout_session_id(text: str) -> CheckoutSessionId:
    """Raise `InvalidId` unless the text is the id of a checkout session."""
    session_id = CheckoutSessionId(text)
    session_stream_of(session_id)
    return session_id


def parse_payout_id(text: str) -> PayoutId:
    """Raise `InvalidId` unless the text is the id of a payout."""
    payout_id = PayoutId(text)
    payout_stream_of(payout_id)
    return payout_id


def parse_settlement_file_id(text: str) -> SettlementFileId:
    """Raise `InvalidId` unless the text is the id of a settlement file."""
    file_id = SettlementFileId(text)
    settlement_file_stream_of(file_id)
    return file_id


def parse_adjustment_id(text: str) -> AdjustmentId:
    """Raise `InvalidId` unless the text is the id of an adjustment."""
    adjustment_id = AdjustmentId(text)
    adjustment_stream_of(adjustment_id)
    return adjustment_id


def act_id_of(uuid: UUID) -> ActId:
    """The id of an act as staff see it: `act_...`."""
    return ActId(_spelled(uuid, "act"))


def act_uuid(act_id: ActId) -> UUID:
    """The UUID inside the id of an act; raise `InvalidId` for what is none."""
    return _uuid_inside(act_id, "act")


def parse_act_id(text: str) -> ActId:
    """Raise `InvalidId` unless the text is the id of an act."""
    _uuid_inside(text, "act")
    return ActId(text)


def parse_proposal_id(text: str) -> ProposalId:
    """Raise `InvalidId` unless the text is the id of a proposal."""
    _uuid_inside(text, "prop")
    return ProposalId(text)


def parse_card_id(text: str) -> CardId:
    """Raise `InvalidId` unless the text is the id of a kept card."""
    _uuid_inside(text, "card")
    return CardId(text)


def parse_event_id(text: str) -> EventId:
    """The event that a public `evt_...` names; raise `InvalidId` for what is none."""
    return EventId(_uuid_inside(text, "evt"))


def parse_balance_transaction_id(text: str) -> EventId:
    """The id of the ledger's entry that a public `txn_...` names; raise `InvalidId` for what is none."""
    return EventId(_uuid_inside(text, "txn"))


def parse_webhook_endpoint_id(text: str) -> WebhookEndpointId:
    """Raise `InvalidId` unless the text is the id of a merchant's webhook endpoint."""
    _uuid_inside(text, "we")
    return WebhookEndpointId(text)


def parse_webhook_delivery_id(text: str) -> WebhookDeliveryId:
    """Raise `InvalidId` unless the text is the id of a delivery."""
    _uuid_inside(text, "msg")
    return WebhookDeliveryId(text)


@lru_cache(maxsize=REMEMBERED_MAX)
def stream_of(charge_id: ChargeId) -> StreamId:
    """The stream that holds everything about a charge."""
    return StreamId(_uuid_inside(charge_id, "ch"))


@lru_cache(maxsize=REMEMBERED_MAX)
def charge_of(stream_id: StreamId) -> ChargeId:
    """The charge a stream is about; the inverse of `stream_of`."""
    return ChargeId(_spelled(stream_id, "ch"))


def session_stream_of(session_id: CheckoutSessionId) -> StreamId:
    """The stream that holds everything about a checkout session; its charges have streams of their own."""
    return StreamId(_uuid_inside(session_id, "cos"))


def session_of(stream_id: StreamId) -> CheckoutSessionId:
    """The checkout session a stream is about; the inverse of `session_stream_of`."""
    return CheckoutSessionId(_spelled(stream_id, "cos"))


def payout_stream_of(payout_id: PayoutId) -> StreamId:
    """The stream that holds everything about a payout."""
    return StreamId(_uuid_inside(payout_id, "po"))


def payout_of(stream_id: StreamId) -> PayoutId:
    """The payout a stream is about; the inverse of `payout_stream_of`."""
    return PayoutId(_spelled(stream_id, "po"))


def settlement_file_stream_of(file_id: SettlementFileId) -> StreamId:
    """The stream that holds everything about a settlement file; its payouts have streams of their own."""
    return StreamId(_uuid_inside(file_id, "sf"))


def settlement_file_of(stream_id: StreamId) -> SettlementFileId:
    """The settlement file a stream is about; the inverse of `settlement_file_stream_of`."""
    return SettlementFileId(_spelled(stream_id, "sf"))


def adjustment_stream_of(adjustment_id: AdjustmentId) -> StreamId:
    """The stream that holds everything about an adjustment."""
    return StreamId(_uuid_inside(adjustment_id, "adj"))


def adjustment_of(stream_id: StreamId) -> AdjustmentId:
    """The adjustment a stream is about; the inverse of `adjustment_stream_of`."""
    return AdjustmentId(_spelled(stream_id, "adj"))


def public_event_id(event_id: EventId) -> str:
    """The id of an event as merchants see it: `evt_...`."""
    return _spelled(event_id, "evt")


def balance_transaction_id(event_id: EventId) -> str:
    """The id of an entry of the ledger as merchants see it: `txn_...`, and then as in the id of the event it books."""
    return _spelled(event_id, "txn")


def _mode(*, livemode: bool) -> str:
    return "live" if livemode else "test"


def _spelled(uuid: UUID, prefix: str) -> str:
    return f"{prefix}_{encode(uuid.bytes)}"


def _new(prefix: str) -> str:
    # Only its bytes are needed: a `UUID` of the standard library costs as much as all the rest of an id.
    return f"{prefix}_{encode(uuid_utils.uuid7().bytes)}"


def _uuid_inside(text: str, prefix: str) -> UUID:
    try:
        parsed = TypeID.from_string(text)
    except (TypeIDException, ValueError) as error:
        raise InvalidId(text, prefix) from error
    if parsed.prefix != prefix:
        raise InvalidId(text, prefix)
    return UUID(bytes=parsed.uuid_bytes)
