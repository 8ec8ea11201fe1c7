"""The page on which the owner of a PayPal account agrees that a merchant keeps it, then goes back. It needs no script."""

from html import escape
from string import Template
from typing import get_args
from urllib.parse import parse_qs

from psp_sandbox.messages import Request, Response
from psp_sandbox.paypal import vault_machine
from psp_sandbox.paypal.approval_page import (
    DEFAULT_EMAIL,
    FUNDINGS,
    html_page,
    is_email,
    payer_of,
    redirection,
)
from psp_sandbox.paypal.records import Funding, Instrument, SetupToken
from psp_sandbox.paypal.store import Store
from psp_sandbox.paypal.wire_vault import PAGE

PATH = PAGE

_QUESTION = Template("""<p class="merchant">$merchant</p>
<p>wants to keep your PayPal account for payments to come.</p>
<form method="post">
<label for="email">Your e-mail address
<input id="email" name="email" type="email" value="$email" maxlength="254" autocomplete="off" required></label>
<label for="funding">Each payment
<select id="funding" name="funding">
$fundings
</select></label>
<div class="buttons">
<button class="approve" name="action" value="approve">Agree</button>
<button class="cancel" name="action" value="cancel" formnovalidate>Cancel and return to the merchant</button>
</div>
</form>
<small>A test page: no account is asked and no money moves.</small>""")
_OVER = "<p>There is nothing here to agree to: it was agreed to already, or is not there.</p>"
_DONE = "<p>The merchant named no page to go back to; you can close this one.</p>"
_UNREADABLE = "<p>Press one of the two buttons, with an e-mail address and one of the listed payments.</p>"


def page(store: Store, request: Request) -> Response:
    """GET and POST /agreements/approve?approval_session_id={setup token}."""
    session = parse_qs(request.query.decode("latin-1")).get("approval_session_id", [""])[0]
    setup = store.setup_token(session)
    if setup is None or setup.status != "PAYER_ACTION_REQUIRED":
        return html_page(404, _OVER)
    if request.method == "GET":
        return html_page(200, _question(setup))
    if request.method != "POST":
        return html_page(405, _UNREADABLE)
    form = {name: values[0] for name, values in parse_qs(request.body.decode("latin-1")).items()}
    return _answered(store, setup, form)


def _answered(store: Store, setup: SetupToken, form: dict[str, str]) -> Response:
    told = {"approval_session_id": setup.id, "approval_token_id": setup.id}
    if form.get("action") == "cancel":
        return html_page(200, _DONE) if setup.cancel_url is None else redirection(setup.cancel_url, told)
    email = form.get("email", DEFAULT_EMAIL)
    funding = next((one for one in get_args(Funding) if one == form.get("funding", "completes")), None)
    if form.get("action") != "approve" or funding is None or not is_email(email):
        return html_page(400, _UNREADABLE)
    instrument = Instrument(funding=funding)
    store.apply(vault_machine.approved(setup, payer=payer_of(email), instrument=instrument))
    return html_page(200, _DONE) if setup.return_url is None else redirection(setup.return_url, told)


def _question(setup: SetupToken) -> str:
    return _QUESTION.substitute(
        merchant=escape(setup.brand_name or "The merchant"),
        email=DEFAULT_EMAIL,
        fundings="\n".join(f'<option value="{name}">{text}</option>' for name, text in FUNDINGS.items()),
    )
