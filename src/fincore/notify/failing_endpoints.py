"""What does not arrive, for the people who run the installation: endpoints that fail, deliveries that were given up."""

from datetime import datetime
from typing import Final, Literal

import msgspec
from yarl import URL

from fincore.domain.ids import MerchantId, WebhookDeliveryId, WebhookEndpointId
from fincore.domain.public_session_event import PublicEventType
from fincore.notify.delivery_log import DeliveryFailure
from fincore.notify.endpoint import DisabledReason
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.notify", "failing_endpoints.sql")

COUNTED_MAX: Final = 10_000
"""Deliveries of an endpoint in a state are counted no further."""
LOOKED_THROUGH_MAX: Final = 1_000
"""Of the oldest that wait, and of the latest given up, the last attempt is looked for."""

EndpointFailureState = Literal["gone", "failing", "paused", "gave_up"]
"""`gone`, `failing`: disabled for that. `paused`: enabled, and left alone after a failure. `gave_up`: works, but once did not."""


class FailingEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint that something did not arrive at. `host` is all that is shown of its URL: the rest may hold a token.

    `failures` are those in a row; `pending` and `given_up` count deliveries, up to `COUNTED_MAX`; `last_answer` is the
    status or error of the latest attempt among those that did not arrive, None where none was made or it is forgotten.
    """

    endpoint_id: WebhookEndpointId
    merchant_id: MerchantId
    livemode: bool
    host: str
    state: EndpointFailureState
    failures: int
    last_success_at: datetime | None
    pending: int
    given_up: int
    last_answer: str | None


class GivenUp(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that failed for good, and why; `last_answer` as above."""

    delivery_id: WebhookDeliveryId
    endpoint_id: WebhookEndpointId
    event_type: PublicEventType
    failure: DeliveryFailure
    attempts: int
    last_answer: str | None
    finished_at: datetime


class FailingEndpoints:
    """Looks over all merchants."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def endpoints(self, *, limit: int) -> list[FailingEndpoint]:
        """Endpoints that fail: disabled ones first, then those with the most failures in a row."""
        rows = await self._pool.fetch(_SQL.failing_endpoints, limit, COUNTED_MAX, LOOKED_THROUGH_MAX)
        return [
            FailingEndpoint(
                endpoint_id=row["endpoint_id"],
                merchant_id=row["merchant_id"],
                livemode=row["livemode"],
                host=URL(row["url"], encoded=True).raw_host or "",
                state=_state(row["disabled_reason"], row["failures"]),
                failures=row["failures"],
                last_success_at=row["last_success_at"],
                pending=row["pending"],
                given_up=row["given_up"],
                last_answer=row["last_answer"],
            )
            for row in rows
        ]

    async def given_up(self, *, limit: int) -> list[GivenUp]:
        """Deliveries that failed for good and are not forgotten yet, newest first."""
        rows = await self._pool.fetch(_SQL.given_up, limit)
        return [GivenUp(**dict(row)) for row in rows]


def _state(disabled_reason: DisabledReason | None, failures: int) -> EndpointFailureState:
    if disabled_reason in ("gone", "failing"):
        return disabled_reason
    return "paused" if failures else "gave_up"
