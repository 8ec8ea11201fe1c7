"""One authenticated call on its way to an endpoint."""

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from psp_sandbox.messages import Request
from psp_sandbox.stripe.lists import Listed
from psp_sandbox.stripe.store import Caller, Store

L = TypeVar("L", bound=Listed)


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

    def indexed(self, found: Iterable[L]) -> Iterable[L]:
        """What a search knows of already: an object only once it is as old as the index lags behind."""
        if not self.search_lag_seconds:
            return found
        newest_known = self.store.now() - self.search_lag_seconds
        return (one for one in found if one.created <= newest_known)
