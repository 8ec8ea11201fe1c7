"""The page on which a customer authenticates (3-D Secure): two buttons, then back to the merchant."""

from html import escape
from string import Template
from urllib.parse import urlencode, urlsplit, urlunsplit

from msgspec.structs import replace

from psp_sandbox.ids import new_id
from psp_sandbox.messages import Answer, Request
from psp_sandbox.stripe import machine
from psp_sandbox.stripe.outcomes import decide
from psp_sandbox.stripe.store import Caller, Challenge, Store
from psp_sandbox.stripe.wire import EventRequest, PaymentIntent

_PAGE = Template("""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>3D Secure 2 Test Page</title>
<style>body{font:16px system-ui;max-width:32rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.6rem 1rem}</style>
<h1>3D Secure 2 Test Page</h1>
$content
</html>
""")
_QUESTION = Template("""<p>Your bank asks you to approve a payment of <strong>$amount $currency</strong> in minor units.</p>
<form method="post">
<button name="action" value="complete" id="test-source-authorize-3ds">Complete</button>
<button name="action" value="fail" id="test-source-fail-3ds">Fail</button>
</form>""")
_OVER = "<p>This authentication is over. You can close this page.</p>"


def page(store: Store, request: Request) -> Answer:
    """GET and POST /3ds/{challenge}. A POST settles it and redirects to the merchant's `return_url`, if there is one."""
    challenge = store.challenge(request.path.removeprefix("/3ds/"))
    if challenge is None:
        return _html(404, _OVER)
    intent = store.intents.get(challenge.account, challenge.intent_id)
    if intent is None:
        return _html(404, _OVER)
    if request.method == "GET":
        return _html(
            200, _QUESTION.substitute(amount=intent.amount, currency=escape(intent.currency.upper()))
        )
    if request.method != "POST" or request.body not in (b"action=complete", b"action=fail"):
        return _html(400, "<p>Press one of the two buttons.</p>")
    after = settle(store, challenge, intent, succeeded=request.body == b"action=complete")
    if challenge.return_url is None:
        return _html(200, _OVER)
    return Answer(
        status=303,
        payload=b"",
        content_type="text/html",
        headers=(("Location", _return_url(challenge.return_url, after)),),
    )


def settle(store: Store, challenge: Challenge, intent: PaymentIntent, *, succeeded: bool) -> PaymentIntent:
    """The customer authenticated, or failed to: the payment goes on.

    With `confirmation_method=manual` it waits for the merchant to confirm once more.
    """
    caller = Caller(
        account=challenge.account,
        livemode=intent.livemode,
        request=EventRequest(id=None, idempotency_key=None),
    )
    manual = intent.confirmation_method == "manual"
    store.close_challenge(intent.id, authenticated=succeeded and manual)
    if not succeeded:
        return store.apply(caller, machine.authentication_failed(intent, challenge.stored.method))
    if manual:
        waiting = replace(intent, status="requires_confirmation", next_action=None)
        return store.apply(caller, machine.Transition(intent=waiting, happened=()))
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
            "redirect_status": "failed" if intent.status == "requires_payment_method" else "succeeded",
        }
    )
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))


def _html(status: int, content: str) -> Answer:
    page_text = _PAGE.substitute(content=content)
    return Answer(status=status, payload=page_text.encode(), content_type="text/html; charset=utf-8")
