"""Whether a PayPal account can be used: PayPal gives a token for its client id and secret, with the scopes that FinCore needs."""

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec
from yarl import URL

from fincore.write.psp.account_check import AccountCheck, Permission
from fincore.write.psp.http import HttpSession, RawResponse
from fincore.write.psp.paypal.account import PayPalAccount

_SERVICES: Final = "https://uri.paypal.com/services/"
SCOPES: Final[Mapping[Permission, tuple[str, ...]]] = MappingProxyType(
    {
        "take payments": ("payments/payment/authcapture", "payments/payment"),
        "refund": ("payments/refund", "payments/payment"),
        "read disputes": ("disputes/read-seller", "disputes/update-seller"),
    }
)
"""Any one of the scopes permits it; they are below `_SERVICES`. Source: the security of each operation in PayPal's OpenAPI files."""

_OK: Final = 200
_REFUSED: Final = frozenset({400, 401, 403})
_RATE_LIMITED: Final = 429
_SERVER_ERROR: Final = 500


class _Grant(msgspec.Struct, frozen=True):
    access_token: str
    scope: str = ""


class _GrantRefused(msgspec.Struct, frozen=True):
    error: str


_GRANT: Final = msgspec.json.Decoder(_Grant)
_GRANT_REFUSED: Final = msgspec.json.Decoder(_GrantRefused)


async def check_paypal_account(http: HttpSession, account: PayPalAccount) -> AccountCheck:
    """Ask for one access token and read its scopes; nothing else is called."""
    credentials = base64.b64encode(f"{account.client_id}:{account.client_secret.reveal()}".encode())
    answer = await http.call(
        "POST",
        URL(f"{account.api_url}/v1/oauth2/token"),
        headers={
            "Authorization": f"Basic {credentials.decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
        body=b"grant_type=client_credentials",
    )
    if not isinstance(answer, RawResponse):
        return _problem(f"{answer.reason}: check base_url and the network, then repeat")
    if answer.status == _RATE_LIMITED or answer.status >= _SERVER_ERROR:
        return _problem(f"PayPal answered {answer.status}: repeat later")
    try:
        if answer.status == _OK:
            return _checked(_GRANT.decode(answer.body).scope)
        if answer.status in _REFUSED and _GRANT_REFUSED.decode(answer.body).error:
            # PayPal does not say which of them is wrong, and ids of the other mode are as unknown as none.
            mode = "live" if account.expects_livemode else "test"
            return _problem(
                "PayPal does not know the client id with this secret: set those of a REST app of "
                f"{mode} mode that its dashboard shows"
            )
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    return _problem("the answer is not PayPal's: check base_url")


def _checked(scope: str) -> AccountCheck:
    granted = {one.removeprefix(_SERVICES) for one in scope.split()}
    may = tuple(permission for permission, scopes in SCOPES.items() if granted.intersection(scopes))
    return AccountCheck(
        may=may,
        problems=tuple(
            f"the REST app may not {permission}: switch the feature on for it in PayPal's dashboard"
            for permission in SCOPES
            if permission not in may
        ),
    )


def _problem(sentence: str) -> AccountCheck:
    return AccountCheck(problems=(sentence,))
