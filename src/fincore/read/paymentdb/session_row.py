"""A checkout session as the query side shows it, as a row of `paymentdb.checkout_sessions`, and back."""

from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from fincore.domain.checkout_session import CheckoutSession
from fincore.domain.ids import CheckoutSessionId, StreamId, session_of

_SESSION: Final = msgspec.json.Decoder(CheckoutSession)
_ENCODER: Final = msgspec.json.Encoder()


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session after the events that the view holds; `updated_at` is when the last of them was recorded."""

    stream_id: StreamId
    session: CheckoutSession
    updated_at: datetime

    @property
    def session_id(self) -> CheckoutSessionId:
        """The session's public id."""
        return session_of(self.stream_id)


def row_of(view: SessionView) -> tuple[object, ...]:
    """The columns of a view, in the order of the table."""
    session = view.session
    return (
        view.session_id,
        view.stream_id,
        session.version,
        session.merchant_id,
        session.livemode,
        session.status,
        _ENCODER.encode(session).decode(),
        session.created_at,
        view.updated_at,
    )


def view_of(row: asyncpg.Record) -> SessionView:
    """The view a row holds; the inverse of `row_of`."""
    return SessionView(
        stream_id=row["stream_id"], session=_SESSION.decode(row["session"]), updated_at=row["updated_at"]
    )
