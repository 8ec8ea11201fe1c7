"""Stripe as a PSP gateway: payment intents, confirmed by our server in the call that creates them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec
import structlog

from fincore.domain.clock import Clock
from fincore.domain.outcome import Declined, Failure, Outcome, PspAccount, PspName, Retryable
from fincore.write.psp.port import AuthorizeRequest, Inquiry, NotFound
from fincore.write.psp.stripe.account import STRIPE, StripeAccount
from fincore.write.psp.stripe.amounts import Inexpressible, to_stripe
from fincore.write.psp.stripe.answer import Answered, NoAnswer, NotSent
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.form import Form
from fincore.write.psp.stripe.mapping import fact_of, outcome_of, verdict_on
from fincore.write.psp.stripe.vocabulary import OUR_FAULT_PAUSE_SECONDS, Repeat
from fincore.write.psp.stripe.wire import CHARGE_ID_KEY, PaymentIntent, PaymentIntentPage

LIST_PAGES_MAX: Final = 3
LIST_PAGE_SIZE: Final = 100
SEARCH_SIZE: Final = 10
CLOCK_SKEW: Final = timedelta(seconds=60)
"""How far Stripe's clock may be behind ours."""
SEARCH_SETTLED_AFTER: Final = timedelta(minutes=2)
"""Stripe's search knows a payment within a minute (docs.stripe.com/search); in an outage later, which is why whoever
hears NotFound repeats the call under the same idempotency key, and never under another."""
SEARCH_LAG_PAUSE_SECONDS: Final = 60.0

_INTENTS: Final = "/v1/payment_intents"
_INTENT: Final = msgspec.json.Decoder(PaymentIntent)
_PAGE: Final = msgspec.json.Decoder(PaymentIntentPage)
_MOST_TELLING_FIRST: Final = ("succeeded", "requires_capture", "processing", "requires_action")

_log = structlog.get_logger(__name__)


class StripeGateway:
    """A `PspGateway`. Stripe forgets idempotency keys after 24 hours: a later repeat must be an inquiry first."""

    name: PspName = STRIPE

    def __init__(
        self, accounts: Mapping[PspAccount, StripeAccount], *, client: StripeClient, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._client = client
        self._clock = clock

    async def authorize(self, request: AuthorizeRequest) -> Outcome:
        """One POST that creates and confirms a payment intent. Money Stripe has no amount for is Declined unasked."""
        account = self._accounts.get(request.psp_account)
        if account is None:
            return _no_such_account(request.psp_account)
        amount = to_stripe(request.money)
        if isinstance(amount, Inexpressible):
            return Declined(
                failure=Failure(code="psp_rejected_request", message=amount.reason, advice="do_not_retry"),
                occurred_at=self._clock.now(),
            )
        answer = await self._client.post(
            _INTENTS,
            _authorization_form(request, amount, account.return_url),
            key=account.secret_key,
            idempotency_key=request.idempotency_key,
            reads=_INTENT,
        )
        return outcome_of(answer, now=self._clock.now())

    async def inquire(self, inquiry: Inquiry) -> Outcome | NotFound:
        """Look in Stripe's search index, which lags, then in its list, which does not; then read the payment itself."""
        account = self._accounts.get(inquiry.psp_account)
        if account is None:
            return _no_such_account(inquiry.psp_account)
        found = await self._search(account, inquiry)
        searched = found
        if not isinstance(found, str):
            found = await self._list(account, inquiry)
        if isinstance(found, str):
            return await self._retrieve(account, found)
        return searched if isinstance(searched, Retryable) else found

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()

    async def _search(self, account: StripeAccount, inquiry: Inquiry) -> str | NotFound | Retryable:
        query: Form = {
            "query": f"metadata['{CHARGE_ID_KEY}']:'{inquiry.charge_id}'",
            "limit": SEARCH_SIZE,
        }
        answer = await self._client.get(f"{_INTENTS}/search", query, key=account.secret_key, reads=_PAGE)
        if not isinstance(answer, Answered) or answer.body is None:
            return _could_not_ask("search", answer)
        return _of_charge(answer.body, inquiry) or NotFound()

    async def _list(self, account: StripeAccount, inquiry: Inquiry) -> str | NotFound | Retryable:
        """The newest payments since the charge was created, as far as the bound goes."""
        since = int((inquiry.created_at - CLOCK_SKEW).timestamp())
        after: str | None = None
        for _ in range(LIST_PAGES_MAX):
            query: Form = {"created": {"gte": since}, "limit": LIST_PAGE_SIZE, "starting_after": after}
            answer = await self._client.get(_INTENTS, query, key=account.secret_key, reads=_PAGE)
            if not isinstance(answer, Answered) or answer.body is None:
                return _could_not_ask("list", answer)
            page = answer.body
            found = _of_charge(page, inquiry)
            if found is not None:
                return found
            if not page.has_more or not page.data:
                return NotFound()
            after = page.data[-1].id
        if self._clock.now() - inquiry.created_at >= SEARCH_SETTLED_AFTER:
            return NotFound()
        return Retryable(
            reason="Stripe has more payments since then than we list; its search will know this one later",
            retry_after_seconds=SEARCH_LAG_PAUSE_SECONDS,
        )

    async def _retrieve(self, account: StripeAccount, intent_id: str) -> Outcome:
        """The payment as it is now: what an index says of its status may be old."""
        query: Form = {"expand": ["latest_charge"]}
        answer = await self._client.get(
            f"{_INTENTS}/{intent_id}", query, key=account.secret_key, reads=_INTENT
        )
        if not isinstance(answer, Answered) or answer.body is None:
            return _could_not_ask("retrieve", answer)
        return fact_of(answer.body, now=self._clock.now())


def _authorization_form(request: AuthorizeRequest, amount: int, return_url: str | None) -> Form:
    return {
        "amount": amount,
        "currency": request.money.currency,
        "capture_method": request.capture_method,
        "payment_method": request.payment_method,
        # Cards by name, not `automatic_payment_methods`: what an account's Dashboard enables must not change what a
        # charge may become (a bank debit is `processing` for days), and cards need no return_url without 3-D Secure.
        "payment_method_types": ["card"],
        "confirm": True,
        "return_url": return_url,
        "description": request.description,
        "receipt_email": request.customer_email,
        "metadata": {CHARGE_ID_KEY: request.charge_id},
        # Only a hold has a `capture_before`, and only the charge tells it.
        "expand": ["latest_charge"] if request.capture_method == "manual" else None,
    }


def _of_charge(page: PaymentIntentPage, inquiry: Inquiry) -> str | None:
    """The id of the charge's payment intent; of several, the one that got furthest."""
    ours = [intent for intent in page.data if intent.metadata.get(CHARGE_ID_KEY) == inquiry.charge_id]
    if not ours:
        return None
    if len(ours) > 1:
        _log.error(
            "stripe.several_payments_of_one_charge",
            charge_id=inquiry.charge_id,
            payment_intents=[intent.id for intent in ours],
        )
    rank = {status: place for place, status in enumerate(_MOST_TELLING_FIRST)}
    return min(ours, key=lambda intent: rank.get(intent.status, len(rank))).id


def _could_not_ask(
    what: str, answer: Answered[PaymentIntent] | Answered[PaymentIntentPage] | NotSent | NoAnswer
) -> Retryable:
    sentence = f"Stripe's {what} of payments gave no answer"
    if not isinstance(answer, Answered):
        return Retryable(reason=f"{sentence}: {answer.reason}")
    verdict = verdict_on(answer.status, answer.error)
    return Retryable(
        reason=f"{sentence}: HTTP {answer.status} (Stripe's request {answer.request_id})",
        retry_after_seconds=verdict.after_seconds if isinstance(verdict, Repeat) else None,
    )


def _no_such_account(name: PspAccount) -> Retryable:
    return Retryable(
        reason=f"no such account: Stripe account {name!r} is not configured",
        retry_after_seconds=OUR_FAULT_PAUSE_SECONDS,
    )
