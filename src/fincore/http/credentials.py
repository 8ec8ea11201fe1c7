"""Who asks, from the Authorization header: `Bearer sk_...`, or HTTP Basic with the key as the user name."""

from base64 import b64decode
from typing import Final

from fincore.http.exchange import Call
from fincore.http.problems import Problem
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys

_CHALLENGE: Final = (("www-authenticate", 'Bearer realm="fincore"'),)


async def principal_of(call: Call, keys: ApiKeys) -> Principal:
    """Who shows a key, of any kind. Raises the problems `api_key_missing` and `api_key_invalid`."""
    header = call.header(b"authorization")
    if not header:
        raise Problem("api_key_missing", param="Authorization", headers=_CHALLENGE)
    principal = await keys.authenticate(_presented(header))
    if principal is None:
        raise Problem("api_key_invalid", param="Authorization", headers=_CHALLENGE)
    return principal


async def secret_principal(call: Call, keys: ApiKeys) -> Principal:
    """Who shows a secret key.

    Raises the problems of `principal_of`, `secret_key_required` for a publishable key, and `rate_limited` for one that asks
    too much.
    """
    principal = await principal_of(call, keys)
    if principal.kind != "secret":
        raise Problem("secret_key_required", param="Authorization")
    call.admit(principal)
    return principal


def _presented(header: str) -> str:
    """The key in a header; an empty text, which is no key, where there is none to be found."""
    scheme, _, credentials = header.partition(" ")
    credentials = credentials.strip()
    match scheme.lower():
        case "bearer":
            return credentials
        case "basic":
            try:
                return b64decode(credentials, validate=True).decode().partition(":")[0]
            except ValueError:
                return ""
        case _:
            return ""
