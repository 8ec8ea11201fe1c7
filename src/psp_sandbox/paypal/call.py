"""One call on its way to an endpoint."""

import msgspec

from psp_sandbox.messages import Request
from psp_sandbox.paypal.oauth import Tokens
from psp_sandbox.paypal.store import Store
from psp_sandbox.paypal.webhooks import Webhooks


class Call(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an endpoint is given. `account` is empty where no token is needed; `named` is the id in the URL, or empty; `request_id` what PayPal-Request-Id says."""

    account: str
    named: str
    request: Request
    request_id: str | None
    store: Store
    tokens: Tokens
    webhooks: Webhooks
