"""The page on which a payer approves an order or cancels, then goes back to the merchant. It needs no script."""

import hashlib
from html import escape
from importlib import resources
from string import Template
from typing import get_args
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from psp_sandbox.form_page import FormPage, leads_to
from psp_sandbox.messages import Request, Response
from psp_sandbox.paypal import order_machine
from psp_sandbox.paypal.money import shown
from psp_sandbox.paypal.oauth import account_of
from psp_sandbox.paypal.records import Funding, Instrument, Order, Payer
from psp_sandbox.paypal.store import Store

PATH = "/checkoutnow"
ANSWER_PATH = "/smart/answer"
"""Where the script is told what the payer answered."""
DEFAULT_EMAIL = "buyer@example.com"
MAX_EMAIL_CHARS = 254
PAYER_ID_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

FUNDINGS: dict[Funding, str] = {
    "completes": "Completes at once",
    "declined": "Is declined",
    "review": "Waits a day for a review, then completes",
    "review_denied": "Waits a day for a review, then is denied",
    "echeck": "Waits four days for an eCheck, then completes",
    "echeck_denied": "Waits four days for an eCheck, then is denied",
    "refund_fails": "Completes; refunds of it fail later",
}
"""What becomes of the payment, as the page offers it."""

_HEADING = "PayPal sandbox"
_PAGE = FormPage(
    heading=_HEADING,
    style=resources.files("psp_sandbox.paypal").joinpath("approval_page.css").read_text(),
)
_QUESTION = Template("""<p class="merchant">$merchant</p>
<p class="amount">$amount</p>
$description<form method="post">
<label for="email">Your e-mail address
<input id="email" name="email" type="email" value="$email" maxlength="254" autocomplete="off" required></label>
<label for="funding">What becomes of the payment
<select id="funding" name="funding">
$fundings
</select></label>
<div class="buttons">
<button class="approve" name="action" value="approve">Approve</button>
<button class="fail" name="action" value="fail_instrument">Fail the instrument</button>
<button class="cancel" name="action" value="cancel" formnovalidate>Cancel</button>
</div>
</form>
<small>A test page: no account is asked and no money moves. &ldquo;Fail the instrument&rdquo; approves the order, and the
merchant is told that the instrument was declined when it takes the payment.</small>""")
_OVER = "<p>This order does not wait for a payer: it is approved already, over, or not there.</p>"
_APPROVED = "<p>You approved. The merchant named no page to go back to; you can close this one.</p>"
_CANCELED = "<p>You canceled. The merchant named no page to go back to; you can close this one.</p>"
_UNREADABLE = "<p>Press one of the three buttons, with an e-mail address and one of the listed payments.</p>"


def page(store: Store, request: Request) -> Response:
    """GET and POST /checkoutnow?token={order}. A POST sends the payer back to the merchant.

    With `xcomponent=1` the script opened the page for its `client-id` and `intent`, in a window or a frame, and is told the answer instead.
    """
    query = {name: values[0] for name, values in parse_qs(request.query.decode("latin-1")).items()}
    is_of_script = query.get("xcomponent") == "1"
    order = store.order_of_token(query.get("token", ""))
    if is_of_script and order is not None and (flaw := _flaw(order, query)) is not None:
        return redirection(ANSWER_PATH, {"action": "error", "message": flaw})
    if order is None or order.status not in order_machine.WAITS_FOR_PAYER or order.approval_rel is None:
        return html_page(404, _OVER, may_be_framed=is_of_script)
    if request.method == "GET":
        return html_page(200, _question(order), may_be_framed=is_of_script)
    form = {name: values[0] for name, values in parse_qs(request.body.decode("latin-1")).items()}
    if request.method != "POST":
        return html_page(405, _UNREADABLE, may_be_framed=is_of_script)
    return _answered(store, order, form, is_of_script=is_of_script)


def _flaw(order: Order, script: dict[str, str]) -> str | None:
    """Why the script of a page, by its query, cannot have an order approved; None where it can."""
    if account_of(script.get("client-id", "")) != order.account:
        return "Payee passed in transaction does not match expected merchant id. Pass the client id that the order was made with."
    if script.get("intent", "").upper() != order.intent:
        return (
            f"Expected intent from order api call to be {script.get('intent')}, got {order.intent.lower()}."
        )
    return None


def payer_of(email: str) -> Payer:
    """The payer with an e-mail address: always the same for the same address."""
    number = int.from_bytes(hashlib.blake2b(email.lower().encode(), digest_size=9).digest())
    characters = (PAYER_ID_ALPHABET[number >> 5 * place & 31] for place in range(13))
    return Payer(id="".join(characters), email=email, given_name="Test", surname="Buyer", country="US")


def _answered(store: Store, order: Order, form: dict[str, str], *, is_of_script: bool) -> Response:
    action = form.get("action")
    if action == "cancel":
        if is_of_script:
            return redirection(ANSWER_PATH, {"action": "cancel"})
        if order.cancel_url is None:
            return html_page(200, _CANCELED)
        return redirection(order.cancel_url, {"token": order.id})
    email = form.get("email", DEFAULT_EMAIL)
    funding = next((one for one in get_args(Funding) if one == form.get("funding", "completes")), None)
    if action not in ("approve", "fail_instrument") or funding is None or not is_email(email):
        return html_page(400, _UNREADABLE, may_be_framed=is_of_script)
    payer = payer_of(email)
    instrument = Instrument(funding=funding, declined_once=action == "fail_instrument")
    store.apply(order_machine.approved(order, payer=payer, instrument=instrument, now=store.now()))
    if is_of_script:
        return redirection(ANSWER_PATH, {"action": "approve", "payerID": payer.id})
    if order.return_url is None:
        return html_page(200, _APPROVED)
    return redirection(order.return_url, {"token": order.id, "PayerID": payer.id})


def is_email(text: str) -> bool:
    """Whether a payer can be named by it."""
    name, at, domain = text.partition("@")
    return (
        bool(name and at and domain)
        and len(text) <= MAX_EMAIL_CHARS
        and text.isascii()
        and text.isprintable()
    )


def _question(order: Order) -> str:
    total = shown(order.units[0].amount.currency, sum(unit.amount.minor for unit in order.units))
    description = order.units[0].given.get("description")
    return _QUESTION.substitute(
        merchant=escape(order.brand_name or "The merchant"),
        amount=escape(f"{_grouped(str(total['value']))} {total['currency_code']}"),
        description=f'<p class="for">{escape(str(description))}</p>\n' if description else "",
        email=DEFAULT_EMAIL if order.payer is None else escape(order.payer.email),
        fundings="\n".join(f'<option value="{name}">{text}</option>' for name, text in FUNDINGS.items()),
    )


def _grouped(value: str) -> str:
    """Digits in groups of three, as people read them."""
    whole, point, fraction = value.partition(".")
    return f"{int(whole):,}{point}{fraction}"


def redirection(url: str, added: dict[str, str]) -> Response:
    """Back to the merchant's page, with something added to its query."""
    parts = urlsplit(url)
    query = f"{parts.query}&{urlencode(added)}" if parts.query else urlencode(added)
    return leads_to(urlunsplit(parts._replace(query=query)))


def html_page(status: int, content: str, *, may_be_framed: bool = False) -> Response:
    """A page for a payer."""
    return _PAGE.shows(status, _HEADING, content, may_be_framed=may_be_framed)
