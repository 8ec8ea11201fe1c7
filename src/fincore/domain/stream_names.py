"""What streams are called: the public id of the charge, session, payout, settlement file or adjustment that one is about. Pure."""

from fincore.domain.ids import (
    AdjustmentId,
    ChargeId,
    CheckoutSessionId,
    PayoutId,
    SettlementFileId,
    StreamId,
    adjustment_of,
    adjustment_stream_of,
    charge_of,
    payout_of,
    payout_stream_of,
    session_of,
    session_stream_of,
    settlement_file_of,
    settlement_file_stream_of,
    stream_of,
)

StreamName = ChargeId | CheckoutSessionId | PayoutId | SettlementFileId | AdjustmentId
"""The public id of what a stream is about."""


def stream_name(stream_id: StreamId, event_type: str) -> StreamName:
    """The public id of what a stream is about, by the type of one of its events, also where this version cannot read that."""
    match event_type.partition(".")[0]:
        case "checkout_session":
            return session_of(stream_id)
        case "payout":
            return payout_of(stream_id)
        case "settlement_file":
            return settlement_file_of(stream_id)
        case "adjustment":
            return adjustment_of(stream_id)
        case _:
            return charge_of(stream_id)


def stream_named(text: str) -> StreamId:
    """The stream that a public id names. Raises `InvalidId` for the id of nothing that has a stream."""
    match text.partition("_")[0]:
        case "cos":
            return session_stream_of(CheckoutSessionId(text))
        case "po":
            return payout_stream_of(PayoutId(text))
        case "sf":
            return settlement_file_stream_of(SettlementFileId(text))
        case "adj":
            return adjustment_stream_of(AdjustmentId(text))
        case _:
            return stream_of(ChargeId(text))
