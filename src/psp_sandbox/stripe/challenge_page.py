"""The page on which a customer authenticates (3-D Secure): complete, fail or leave, then back to the merchant."""

from html import escape
from importlib import resources
from string import Template
from typing import Literal
from urllib.parse import urlencode, urlsplit, urlunsplit

from msgspec.structs import replace

from psp_sandbox.ids import new_id
from psp_sandbox.messages import Request, Response
from psp_sandbox.stripe import machine
from psp_sandbox.stripe.challenges import Challenge
from psp_sandbox.stripe.currencies import money
from psp_sandbox.stripe.outcomes import decide
from psp_sandbox.stripe.store import NO_REQUEST, Caller, Store
from psp_sandbox.stripe.wire import PaymentIntent, PaymentIntentStatus

Action = Literal["complete", "fail", "leave"]
ACTIONS: dict[bytes, Action] = {
    b"action=complete": "complete",
    b"action=fail": "fail",
    b"action=leave": "leave",
}
"""The form that each button of the page sends."""

REDIRECT_STATUSES: dict[PaymentIntentStatus, str] = {
    "requires_action": "pending",
    "requires_payment_method": "failed",
}
"""The `redirect_status` of the merchant's page; every other status is a success."""

_PAGE = Template(resources.files("psp_sandbox.stripe").joinpath("challenge_page.html").read_text())
_QUESTION = Template("""<p class="amount">$amount</p>
<p>Your bank asks: is this payment with the card ending in $last4 yours?</p>
<form method="post">
<button class="complete" name="action" value="complete" id="test-source-authorize-3ds">Complete</button>
<button class="fail" name="action" value="fail" id="test-source-fail-3ds">Fail</button>
<button class="leave" name="action" value="leave" id="leave">Leave without an answer</button>
</form>
<small>A test page: no bank is asked and no money moves.</small>""")
_OVER = "<p>This authentication is over. You can close this page.</p>"
_LEFT = (
    "<p>Nothing was decided. The payment still waits for its customer, who can come back to this page.</p>"
)


def page(store: Store, request: Request) -> Response:
    """GET and POST /3ds/{challenge}. A POST sends the customer back to the merchant's `return_url`, if there is one.

    Leaving decides nothing: the page can be opened again.
    """
    challenge = store.challenges.get(request.path.removeprefix("/3ds/"))
    intent = None if challenge is None else store.intents.get(challenge.account, challenge.intent_id)
    if challenge is None or intent is None:
        return _html(404, _OVER)
    if request.method == "GET":
        amount = escape(money(intent.amount, intent.currency))
        return _html(200, _QUESTION.substitute(amount=amount, last4=challenge.stored.method.card.last4))
    action = ACTIONS.get(request.body) if request.method == "POST" else None
    if action is None:
        return _html(400, "<p>Press one of the three buttons.</p>")
    if action != "leave":
        intent = finish_challenge(store, challenge, intent, succeeded=action == "complete")
    if challenge.return_url is None:
        return _html(200, _LEFT if action == "leave" else _OVER)
    return Response(
        status=303,
        payload=b"",
        content_type="text/html",
        headers=(("Location", _return_url(challenge.return_url, intent)),),
    )


def finish_challenge(
    store: Store, challenge: Challenge, intent: PaymentIntent, *, succeeded: bool
) -> PaymentIntent:
    """The customer authenticated, or failed to: the payment goes on.

    With `confirmation_method=manual` it waits for the merchant to confirm once more.
    """
    caller = Caller(
        account=challenge.account,
        livemode=intent.livemode,
        request=NO_REQUEST,
    )
    manual = intent.confirmation_method == "manual"
    store.challenges.close(intent.id, authenticated=succeeded and manual)
    if not succeeded:
        return store.apply(caller, machine.authentication_failed(intent, challenge.stored.method))
    if manual:
        waiting = replace(intent, status="requires_confirmation", next_action=None)
        return store.apply(caller, machine.Transition(intent=waiting, events=()))
    decision = decide(
        challenge.stored.card,
        authenticated=True,
        off_session=False,
        challenge_requested=False,
        challenge_possible=True,
    )
    facts = machine.Attempt(
        method=challenge.stored.method,
        card=challenge.stored.card,
        now=store.now(),
        charge_id=new_id("ch"),
        movement_id=new_id("txn"),
    )
    return store.apply(caller, machine.attempt(intent, decision, facts))


def _return_url(url: str, intent: PaymentIntent) -> str:
    parts = urlsplit(url)
    added = urlencode(
        {
            "payment_intent": intent.id,
            "payment_intent_client_secret": intent.client_secret,
            "source_type": "card",
            "redirect_status": REDIRECT_STATUSES.get(intent.status, "succeeded"),
        }
    )
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))


def _html(status: int, content: str) -> Response:
    return Response(
        status=status,
        payload=_PAGE.substitute(content=content).encode(),
        content_type="text/html; charset=utf-8",
        headers=(("Cache-Control", "no-store"),),
    )
