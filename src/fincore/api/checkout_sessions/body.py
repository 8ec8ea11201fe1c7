"""What requests on checkout sessions are answered: the session. Pure."""

from typing import Final

import msgspec

from fincore.domain.checkout_session import CheckoutSession
from fincore.domain.ids import CheckoutSessionId, RequestId
from fincore.eventstore.commit import RenderedResponse
from fincore.public.checkout_session_body import checkout_session_body

_ENCODER: Final = msgspec.json.Encoder()


def render_created_session(
    session_id: CheckoutSessionId, session: CheckoutSession, _: RequestId
) -> RenderedResponse:
    """The answer to the request that creates a session."""
    body = _ENCODER.encode(checkout_session_body(session_id, session))
    return RenderedResponse(201, body, f"/v1/checkout_sessions/{session_id}")


def render_ended_session(
    session_id: CheckoutSessionId, session: CheckoutSession, _: RequestId
) -> RenderedResponse:
    """The answer to the request that ends a session, which may still be open while an attempt is being closed."""
    body = _ENCODER.encode(checkout_session_body(session_id, session))
    return RenderedResponse(200, body, f"/v1/checkout_sessions/{session_id}")
