"""The page of a Checkout session: the customer pays with a test card, again after a decline, or goes back. It needs no script."""

from html import escape
from importlib import resources
from string import Template
from typing import cast, get_args
from urllib.parse import parse_qs

from psp_sandbox.form_page import FormPage, leads_to
from psp_sandbox.messages import Request, Response
from psp_sandbox.stripe import machine
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.cards import card_of_token
from psp_sandbox.stripe.checkout_payment import Timing, pay
from psp_sandbox.stripe.checkout_sessions import PAGE
from psp_sandbox.stripe.checkout_store import StoredSession
from psp_sandbox.stripe.currencies import money
from psp_sandbox.stripe.errors import Refusal
from psp_sandbox.stripe.payment_intents import EMAIL, EMAIL_CHARS_MAX
from psp_sandbox.stripe.store import NO_REQUEST, Caller, Store
from psp_sandbox.stripe.wire import PaymentIntent
from psp_sandbox.stripe.wire_checkout import CheckoutSession

DEFAULT_EMAIL = "customer@example.com"
CARDS_OFFERED = {
    "pm_card_visa": "Visa 4242: succeeds",
    "pm_card_mastercard": "Mastercard 4444: succeeds",
    "pm_card_threeDSecure2Required": "Visa 3220: the bank asks (3-D Secure), then succeeds",
    "pm_card_threeDSecureRequiredChargeDeclined": "Visa 1629: the bank asks, then is declined",
    "pm_card_visa_chargeDeclined": "Visa 0002: is declined",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "Visa 9995: insufficient funds",
    "pm_card_chargeDeclinedExpiredCard": "Visa 0069: has expired",
    "pm_card_createDispute": "Visa 0259: succeeds, and is disputed later",
}
"""What the page offers. A form may name any other test card too."""

TIMINGS: dict[Timing, str] = {
    "at_once": "At once",
    "succeeds_later": "Later: it succeeds then",
    "fails_later": "Later: it fails then",
}
"""When the payment is decided, as the page offers it."""

_PAGE = FormPage(
    heading="Stripe Checkout sandbox",
    style=resources.files("psp_sandbox.stripe").joinpath("checkout_page.css").read_text(),
)
_QUESTION = Template("""<p class="amount">$amount</p>
<ul>
$items
</ul>
$refused<form method="post">
<label for="email">Your e-mail address
<input id="email" name="email" type="email" value="$email" maxlength="254" autocomplete="email" required></label>
<label for="card">Test card
<select id="card" name="card">
$cards
</select></label>
<label for="timing">The payment is decided
<select id="timing" name="timing">
$timings
</select></label>
<button name="action" value="pay">Pay $amount</button>
</form>
$back<small>A test page: no bank is asked and no money moves.</small>""")
_REFUSED = Template('<p class="refused" role="alert">$message</p>\n')
_LINK = Template('<p class="back"><a href="$url">$text</a></p>\n')
_UNREADABLE = "<p>Press the button, with an e-mail address and one of the listed cards.</p>"


def page(store: Store, request: Request, public_url: str) -> Response:
    """GET and POST /c/pay/{session}. A POST pays; what was paid sends the customer on to the merchant's `success_url`."""
    found = store.checkout.any_account(request.path.removeprefix(PAGE))
    if found is None:
        return _PAGE.shows(404, "Nothing here", "<p>There is no such session.</p>")
    account, stored = found
    session = stored.session
    if session.status == "complete":
        return _of_paid(request, session)
    if session.status == "expired":
        link = _link(session.cancel_url, "Back to the merchant")
        return _PAGE.shows(
            410, "Session expired", f"<p>This session has expired: nothing was paid.</p>\n{link}"
        )
    if request.method == "GET":
        return _PAGE.shows(200, "Pay", _question(stored, _refusal_of(store, account, session)))
    if request.method != "POST":
        return _PAGE.shows(405, "Pay", _UNREADABLE)
    caller = Caller(account=account, livemode=session.livemode, request=NO_REQUEST)
    call = Call(
        caller=caller,
        named=session.id,
        public_url=public_url,
        request=request,
        search_lag_seconds=0,
        store=store,
    )
    return _paid(call, stored)


def _paid(call: Call, stored: StoredSession) -> Response:
    form = {name: values[0] for name, values in parse_qs(call.request.body.decode("latin-1")).items()}
    email = form.get("email", stored.session.customer_email or DEFAULT_EMAIL)
    timing = form.get("timing", "at_once")
    card = form.get("card", "pm_card_visa")
    is_address = len(email) <= EMAIL_CHARS_MAX and EMAIL.fullmatch(email) is not None
    is_known = card.startswith("pm_card_") and card_of_token(card) is not None
    if form.get("action") != "pay" or timing not in get_args(Timing) or not is_known or not is_address:
        return _PAGE.shows(400, "Pay", _UNREADABLE)
    here = f"{call.public_url}{PAGE}{stored.session.id}"
    try:
        intent = pay(call, stored, card=card, email=email, timing=cast("Timing", timing), return_url=here)
    except Refusal as refusal:
        return _PAGE.shows(
            200, "Card declined", _question(stored, refusal.detail.message, email=email, card=card)
        )
    challenge = intent.next_action and intent.next_action.redirect_to_url
    return leads_to(challenge.url if challenge else _success_url(stored.session))


def _of_paid(request: Request, session: CheckoutSession) -> Response:
    """Where the customer goes who has paid: on, from the page of their bank; nowhere, if they come again."""
    if b"payment_intent=" in request.query:
        return leads_to(_success_url(session))
    return _PAGE.shows(
        200, "Paid", f"<p>You have paid already.</p>\n{_link(_success_url(session), 'Go on to the merchant')}"
    )


def _refusal_of(store: Store, account: str, session: CheckoutSession) -> str | None:
    """Why the last attempt failed, for a customer who comes back from their bank's page."""
    intent: PaymentIntent | None = None
    if isinstance(session.payment_intent, str):
        intent = store.intents.get(account, session.payment_intent)
    if intent is None or intent.status not in machine.CONFIRMABLE or intent.last_payment_error is None:
        return None
    return intent.last_payment_error.message


def _question(stored: StoredSession, refused: str | None, *, email: str | None = None, card: str = "") -> str:
    session = stored.session
    return _QUESTION.substitute(
        amount=escape(money(session.amount_total, session.currency)),
        items="\n".join(
            f"<li><span>{escape(item.name)}{f' ({item.quantity})' if item.quantity > 1 else ''}</span>"
            f"<span>{escape(money(item.amount, session.currency))}</span></li>"
            for item in stored.items
        ),
        refused="" if refused is None else _REFUSED.substitute(message=escape(refused)),
        email=escape(email or session.customer_email or DEFAULT_EMAIL),
        cards="\n".join(
            f'<option value="{name}"{" selected" if name == card else ""}>{text}</option>'
            for name, text in CARDS_OFFERED.items()
        ),
        timings="\n".join(f'<option value="{name}">{text}</option>' for name, text in TIMINGS.items()),
        back=_link(session.cancel_url, "Back to the merchant without paying"),
    )


def _success_url(session: CheckoutSession) -> str:
    return session.success_url.replace("{CHECKOUT_SESSION_ID}", session.id)


def _link(url: str | None, text: str) -> str:
    return "" if url is None else _LINK.substitute(url=escape(url), text=text)
