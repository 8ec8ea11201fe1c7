"""Stripe's own records, found again: by Stripe's id, or by our metadata in its search and its lists."""

from datetime import timedelta
from typing import Final, TypeVar
from urllib.parse import quote

import msgspec
import structlog

from fincore.domain.clock import Clock
from fincore.domain.outcome import PspReference, Retryable
from fincore.write.psp.http import NoResponse, NotSent
from fincore.write.psp.port import Inquiry, NotFound, RefundInquiry
from fincore.write.psp.stripe.account import StripeAccount
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.error_policy import authorization_error_policy
from fincore.write.psp.stripe.error_tables import Repeat
from fincore.write.psp.stripe.form import Form
from fincore.write.psp.stripe.limits import SEARCH_LAG_SECONDS
from fincore.write.psp.stripe.response import Response
from fincore.write.psp.stripe.wire import (
    CHARGE_ID_KEY,
    REFUND_ID_KEY,
    CheckoutSession,
    CheckoutSessionPage,
    PaymentIntent,
    PaymentIntentPage,
    RefundPage,
    StripeDispute,
    StripeRefund,
)

LIST_PAGES_MAX: Final = 3
LIST_PAGE_SIZE: Final = 100
SEARCH_SIZE: Final = 10
CLOCK_SKEW: Final = timedelta(seconds=60)
"""How far Stripe's clock may be behind ours."""
SEARCH_LAG_PAUSE_SECONDS: Final = 60.0

INTENTS: Final = "/v1/payment_intents"
SESSIONS: Final = "/v1/checkout/sessions"
REFUNDS: Final = "/v1/refunds"
DISPUTES: Final = "/v1/disputes"
INTENT: Final = msgspec.json.Decoder(PaymentIntent)
SESSION: Final = msgspec.json.Decoder(CheckoutSession)
REFUND: Final = msgspec.json.Decoder(StripeRefund)
DISPUTE: Final = msgspec.json.Decoder(StripeDispute)
_INTENT_PAGE: Final = msgspec.json.Decoder(PaymentIntentPage)
_SESSION_PAGE: Final = msgspec.json.Decoder(CheckoutSessionPage)
_REFUND_PAGE: Final = msgspec.json.Decoder(RefundPage)
_MOST_TELLING_FIRST: Final = ("succeeded", "requires_capture", "processing", "requires_action", "pending")
_SESSION_WITH_FEE: Final = "payment_intent.latest_charge.balance_transaction"
_NOT_FOUND_STATUS: Final = 404

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class StripeLookups:
    """Reads what Stripe holds. NotFound only where Stripe itself says so; where it could not be asked, Retryable."""

    def __init__(self, client: StripeClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def payment(
        self, account: StripeAccount, reference: PspReference, *, expand: str | None = None
    ) -> PaymentIntent | NotFound | Retryable:
        """A payment as it is now."""
        found = await self._object(
            account, object_path(INTENTS, reference), expand, INTENT, "record of the payment"
        )
        if isinstance(found, PaymentIntent) and found.id != reference:
            return Retryable(reason="Stripe's record is of another payment than the one asked for")
        return found

    async def session(
        self, account: StripeAccount, reference: PspReference
    ) -> CheckoutSession | NotFound | Retryable:
        """A Checkout session as it is now, with its payment intent as it is now."""
        path = object_path(SESSIONS, reference)
        found = await self._object(account, path, _SESSION_WITH_FEE, SESSION, "record of the session")
        if isinstance(found, CheckoutSession) and found.id != reference:
            return Retryable(reason="Stripe's record is of another session than the one asked for")
        return found

    async def session_with(
        self, account: StripeAccount, reported: PspReference
    ) -> CheckoutSession | NotFound | Retryable:
        """The session that a report named, by its own id or by that of its payment intent."""
        if reported.startswith("cs_"):
            return await self.session(account, reported)
        query: Form = {"payment_intent": reported, "expand": [f"data.{_SESSION_WITH_FEE}"]}
        response = await self._client.get(SESSIONS, query, account=account, reads=_SESSION_PAGE)
        if not isinstance(response, Response) or response.body is None:
            return _could_not_ask("list of sessions", response)
        ours = [one for one in response.body.data if _intent_id(one) == reported]
        return ours[0] if len(ours) == 1 else NotFound()

    async def refund(
        self, account: StripeAccount, reference: PspReference
    ) -> StripeRefund | NotFound | Retryable:
        """A refund as it is now."""
        found = await self._object(
            account, object_path(REFUNDS, reference), None, REFUND, "record of the refund"
        )
        if isinstance(found, StripeRefund) and found.id != reference:
            return Retryable(reason="Stripe's record is of another refund than the one asked for")
        return found

    async def dispute(
        self, account: StripeAccount, reference: PspReference
    ) -> StripeDispute | NotFound | Retryable:
        """A dispute as it is now."""
        found = await self._object(
            account, object_path(DISPUTES, reference), None, DISPUTE, "record of the dispute"
        )
        if isinstance(found, StripeDispute) and found.id != reference:
            return Retryable(reason="Stripe's record is of another dispute than the one asked for")
        return found

    async def reference_of(
        self, account: StripeAccount, inquiry: Inquiry
    ) -> PspReference | NotFound | Retryable:
        """The payment of a charge: from Stripe's search index, which lags, then from its list, which does not.

        Only its id is taken from there: what an index says of a payment's status may be old.
        """
        searched = await self._search(account, inquiry)
        if isinstance(searched, str):
            return searched
        listed = await self._list(account, inquiry)
        if isinstance(listed, NotFound) and isinstance(searched, Retryable):
            return searched
        return listed

    async def refund_of(
        self, account: StripeAccount, inquiry: RefundInquiry
    ) -> StripeRefund | NotFound | Retryable:
        """The refund that carries our id, from the list of all refunds of its payment; that list does not lag."""
        after: str | None = None
        for _ in range(LIST_PAGES_MAX):
            query: Form = {
                "payment_intent": inquiry.payment_reference,
                "limit": LIST_PAGE_SIZE,
                "starting_after": after,
            }
            response = await self._client.get(REFUNDS, query, account=account, reads=_REFUND_PAGE)
            if not isinstance(response, Response) or response.body is None:
                return _could_not_ask("list of refunds", response)
            page = response.body
            found = _refund_among(page, inquiry)
            if found is not None:
                return found
            if not page.has_more or not page.data:
                return NotFound()
            after = page.data[-1].id
        return Retryable(reason=f"the payment has more than {LIST_PAGES_MAX * LIST_PAGE_SIZE} refunds")

    async def _object(
        self,
        account: StripeAccount,
        path: str,
        expand: str | None,
        reads: msgspec.json.Decoder[T],
        what: str,
    ) -> T | NotFound | Retryable:
        query: Form = {"expand": [expand] if expand else None}
        response = await self._client.get(path, query, account=account, reads=reads)
        if not isinstance(response, Response):
            return _could_not_ask(what, response)
        if response.body is not None:
            return response.body
        # Any proxy can answer 404: only Stripe's own word for it counts.
        is_missing = response.error is not None and response.error.code == "resource_missing"
        if response.status == _NOT_FOUND_STATUS and is_missing:
            return NotFound()
        return _could_not_ask(what, response)

    async def _search(self, account: StripeAccount, inquiry: Inquiry) -> PspReference | NotFound | Retryable:
        query: Form = {
            "query": f"metadata['{CHARGE_ID_KEY}']:'{inquiry.charge_id}'",
            "limit": SEARCH_SIZE,
        }
        response = await self._client.get(f"{INTENTS}/search", query, account=account, reads=_INTENT_PAGE)
        if not isinstance(response, Response) or response.body is None:
            return _could_not_ask("search of payments", response)
        return _payment_among(response.body, inquiry) or NotFound()

    async def _list(self, account: StripeAccount, inquiry: Inquiry) -> PspReference | NotFound | Retryable:
        """The newest payments since the charge was created, as far as the bound goes."""
        since = int((inquiry.created_at - CLOCK_SKEW).timestamp())
        after: str | None = None
        for _ in range(LIST_PAGES_MAX):
            query: Form = {"created": {"gte": since}, "limit": LIST_PAGE_SIZE, "starting_after": after}
            response = await self._client.get(INTENTS, query, account=account, reads=_INTENT_PAGE)
            if not isinstance(response, Response) or response.body is None:
                return _could_not_ask("list of payments", response)
            page = response.body
            found = _payment_among(page, inquiry)
            if found is not None:
                return found
            if not page.has_more or not page.data:
                return NotFound()
            after = page.data[-1].id
        if self._clock.now() - inquiry.created_at >= timedelta(seconds=SEARCH_LAG_SECONDS):
            return NotFound()
        return Retryable(
            reason="Stripe has more payments since then than we list; its search will know this one later",
            retry_after_seconds=SEARCH_LAG_PAUSE_SECONDS,
        )


def object_path(collection: str, reference: PspReference) -> str:
    """The path of one object."""
    return f"{collection}/{quote(reference, safe='')}"


def _intent_id(session: CheckoutSession) -> str | None:
    return session.payment_intent.id if isinstance(session.payment_intent, PaymentIntent) else None


def _payment_among(page: PaymentIntentPage, inquiry: Inquiry) -> PspReference | None:
    """The id of the charge's payment intent; of several, the one that got furthest."""
    ours = [intent for intent in page.data if intent.metadata.get(CHARGE_ID_KEY) == inquiry.charge_id]
    if len(ours) > 1:
        _log.error(
            "stripe.several_payments_of_one_charge",
            charge_id=inquiry.charge_id,
            payment_intents=[intent.id for intent in ours],
        )
    best = min(ours, key=lambda intent: _rank(intent.status), default=None)
    return None if best is None else PspReference(best.id)


def _refund_among(page: RefundPage, inquiry: RefundInquiry) -> StripeRefund | None:
    """The refund that carries our id; of several, the one that got furthest."""
    ours = [refund for refund in page.data if (refund.metadata or {}).get(REFUND_ID_KEY) == inquiry.refund_id]
    if len(ours) > 1:
        _log.error(
            "stripe.several_refunds_of_one_refund",
            refund_id=inquiry.refund_id,
            refunds=[refund.id for refund in ours],
        )
    return min(ours, key=lambda refund: _rank(refund.status or ""), default=None)


def _rank(status: str) -> int:
    ranks = {named: place for place, named in enumerate(_MOST_TELLING_FIRST)}
    return ranks.get(status, len(ranks))


def _could_not_ask(what: str, response: Response[T] | NotSent | NoResponse) -> Retryable:
    sentence = f"Stripe's {what} gave no response"
    if not isinstance(response, Response):
        return Retryable(reason=f"{sentence}: {response.reason}")
    policy = authorization_error_policy(response.status, response.error)
    return Retryable(
        reason=f"{sentence}: HTTP {response.status} (Stripe's request {response.request_id})",
        retry_after_seconds=policy.after_seconds if isinstance(policy, Repeat) else None,
    )
