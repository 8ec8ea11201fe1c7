"""Captures and voids of what an authorization holds: PayPal's record is read before a call that could be one too many."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from fincore.domain.clock import Clock
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Consented,
    KnownOutcome,
    OperationOutcome,
    Pending,
    PspReference,
    Retryable,
    Unknown,
)
from fincore.write.psp.http import NoResponse, NotSent
from fincore.write.psp.paypal.account import PayPalAccount
from fincore.write.psp.paypal.amounts import PayPalMoney
from fincore.write.psp.paypal.client import PayPalClient
from fincore.write.psp.paypal.error_policy import error_meaning
from fincore.write.psp.paypal.issue_table import Repeat
from fincore.write.psp.paypal.limits import HONOR_SECONDS
from fincore.write.psp.paypal.lookups import (
    AUTHORIZATION,
    AUTHORIZATIONS,
    CAPTURE,
    PayPalLookups,
    object_path,
)
from fincore.write.psp.paypal.orders import holding, payments_of, read_order, understood
from fincore.write.psp.paypal.outcomes import ReadRecord, capture_outcome, given_up, void_outcome
from fincore.write.psp.paypal.requests import capture_body
from fincore.write.psp.paypal.response import Response
from fincore.write.psp.paypal.status_tables import AUTHORIZATION_STATUSES
from fincore.write.psp.paypal.wire import Authorization
from fincore.write.psp.port import CancelRequest, CaptureRequest, NotFound

_FIRST_SERVER_ERROR: Final = 500
HONOR: Final = timedelta(seconds=HONOR_SECONDS)


class Hold(NamedTuple):
    """What PayPal's record shows of a payment that is held: the first authorization, and the newest in its place."""

    outcome: Approved | Pending
    first: Authorization
    newest: Authorization


class PayPalHolds:
    """Takes or releases held money."""

    def __init__(self, client: PayPalClient, lookups: PayPalLookups, clock: Clock) -> None:
        self._client = client
        self._lookups = lookups
        self._clock = clock

    async def capture(
        self, account: PayPalAccount, request: CaptureRequest, amount: PayPalMoney
    ) -> OperationOutcome:
        """Capture the authorization; after its honor period the hold is renewed first, where PayPal allows that."""
        authorization = request.authorization
        if authorization is None or self._is_past_honor(request.held_since):
            renewed = await self._renewed(account, request)
            if not isinstance(renewed, str):
                return renewed
            authorization = renewed
        response = await self._client.post(
            account,
            f"{object_path(AUTHORIZATIONS, authorization)}/capture",
            capture_body(amount),
            request_id=request.idempotency_key,
            reads=CAPTURE,
        )
        outcome = capture_outcome(response, request, authorization, now=self._clock.now())
        if isinstance(outcome, ReadRecord):
            return await self._what_became_of_it(account, request.psp_reference, outcome.reason)
        return outcome

    async def cancel(self, account: PayPalAccount, request: CancelRequest) -> OperationOutcome:
        """Void what is held. What holds nothing has no call at PayPal: it is given up by not being completed."""
        found = await self._look(account, request.psp_reference)
        now = self._clock.now()
        if isinstance(found, ActionRequired | Consented):
            return given_up(request.psp_reference, request.reason, now)
        if isinstance(found, NotFound):
            # PayPal forgets orders that were never approved; what is held has an id of its own.
            if request.authorization is None:
                return given_up(request.psp_reference, request.reason, now)
            first = request.authorization
        elif isinstance(found, Hold):
            first = PspReference(found.first.id)
        else:
            return found
        response = await self._client.post(
            account,
            f"{object_path(AUTHORIZATIONS, first)}/void",
            {},
            request_id=None,
            reads=AUTHORIZATION,
        )
        outcome = void_outcome(response, request.psp_reference, first, request.reason, now=self._clock.now())
        if isinstance(outcome, ReadRecord):
            return await self._what_became_of_it(account, request.psp_reference, outcome.reason)
        return outcome

    def _is_past_honor(self, held_since: datetime | None) -> bool:
        return held_since is None or self._clock.now() - held_since >= HONOR

    async def _renewed(
        self, account: PayPalAccount, request: CaptureRequest
    ) -> PspReference | OperationOutcome:
        """The authorization to capture, renewed if it has to be; an outcome where there is nothing to capture any more.

        Only the first authorization of a payment can be renewed. A renewal that PayPal refuses leaves the hold as it was: it
        may be captured all the same.
        """
        found = await self._look(account, request.psp_reference)
        if isinstance(found, NotFound):
            return Unknown(
                reason="PayPal does not show the order that holds the money", since=self._clock.now()
            )
        if isinstance(found, ActionRequired | Consented):
            return Unknown(reason="PayPal's record shows no authorization", since=self._clock.now())
        if not isinstance(found, Hold) or isinstance(found.outcome, Pending):
            return found.outcome if isinstance(found, Hold) else found
        newest = PspReference(found.newest.id)
        if found.newest.create_time is not None and not self._is_past_honor(found.newest.create_time):
            return newest
        response = await self._client.post(
            account,
            f"{object_path(AUTHORIZATIONS, PspReference(found.first.id))}/reauthorize",
            {},
            request_id=f"{request.idempotency_key}:reauthorize",
            reads=AUTHORIZATION,
        )
        return _authorization_to_capture(response, newest)

    async def _what_became_of_it(
        self, account: PayPalAccount, reference: PspReference, reason: str
    ) -> OperationOutcome:
        """What PayPal's record shows after it would not carry an operation out, or left open whether it did."""
        found, now = await self._look(account, reference), self._clock.now()
        if isinstance(found, Hold | NotFound | Retryable | ActionRequired | Consented):
            return Unknown(reason=reason, since=now)
        return found

    async def _look(
        self, account: PayPalAccount, reference: PspReference
    ) -> Hold | KnownOutcome | Unknown | NotFound | Retryable:
        """What PayPal's record shows of the payment: a hold, or what it has become instead."""
        order = await self._lookups.order(account, reference)
        if isinstance(order, NotFound | Retryable):
            return order
        now = self._clock.now()
        outcome = understood(read_order(order, now=now), now)
        authorizations = holding(payments_of(order).authorizations)
        if isinstance(outcome, Approved | Pending) and authorizations and not _has_capture(outcome):
            return Hold(outcome, authorizations[0], authorizations[-1])
        return outcome


def _has_capture(outcome: Approved | Pending) -> bool:
    """Whether the outcome is that of a capture, taken or pending."""
    return any(part.kind == "capture" for part in outcome.sub_references)


def _authorization_to_capture(
    response: Response[Authorization] | NotSent | NoResponse, newest: PspReference
) -> PspReference | OperationOutcome:
    """The renewed authorization; the one before it where PayPal refuses. Nothing is captured by a renewal: it may be repeated."""
    match response:
        case NotSent(reason=reason, retry_after_seconds=seconds):
            return Retryable(reason=reason, retry_after_seconds=seconds)
        case NoResponse(reason=reason):
            return Retryable(reason=f"the hold could not be renewed: {reason}")
        case Response(body=Authorization() as renewed):
            match AUTHORIZATION_STATUSES.get(renewed.status):
                case "held":
                    return PspReference(renewed.id)
                case "refused":
                    return newest
                case _:
                    return Retryable(
                        reason="PayPal shows the renewed hold in a state in which it cannot be captured"
                    )
        case Response(status=status, error=error):
            meaning = error_meaning(response)
            if error is None or isinstance(meaning, Repeat) or status >= _FIRST_SERVER_ERROR:
                return Retryable(reason=f"the hold could not be renewed: HTTP {status}")
            return newest
