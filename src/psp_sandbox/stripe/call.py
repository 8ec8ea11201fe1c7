"""One authenticated call on its way to an endpoint."""

import msgspec

from psp_sandbox.messages import Request
from psp_sandbox.stripe.store import Caller, Store


class Call(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an endpoint is given. `named` is the id in the URL, or empty. `public_url` is how browsers reach the sandbox."""

    caller: Caller
    named: str
    public_url: str
    request: Request
    search_lag_seconds: float
    store: Store

    @property
    def account(self) -> str:
        """The account that is asking."""
        return self.caller.account
