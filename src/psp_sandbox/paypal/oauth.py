"""OAuth access tokens: a client id and its secret give a token that opens the API for nine hours."""

import base64
import binascii
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import parse_qs

import msgspec

from psp_sandbox.messages import Request, Response

TOKEN_SECONDS = 32_400
MAX_TOKENS = 100_000
MAX_CLIENTS = 10_000
SCOPES = (
    "payments/payment/authcapture",
    "payments/refund",
    "vault/payment-tokens/readwrite",
    "disputes/read-seller",
    "reporting/search/read",
    "reporting/balances/read",
    "applications/webhooks",
)
"""What a token of any client permits."""
SCOPE = " ".join(f"https://uri.paypal.com/services/{scope}" for scope in SCOPES)


class _Token(msgspec.Struct, frozen=True, gc=False):
    account: str
    until: float


class Tokens:
    """Tokens in force, and the clients they were given to. Bounded: the oldest are forgotten.

    A client id takes any secret at first, and that one from then on.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tokens: OrderedDict[bytes, _Token] = OrderedDict()
        self._secrets: OrderedDict[str, bytes] = OrderedDict()

    def give(self, request: Request) -> Response:
        """The answer to a request for a token."""
        given = _basic(request.headers.get(b"authorization", b""))
        if given is None or not self.knows(*given):
            return _refused(401, "invalid_client", "Client Authentication failed")
        form = parse_qs(request.body.decode("latin-1"))
        if form.get("grant_type") != ["client_credentials"]:
            return _refused(400, "unsupported_grant_type", "Grant Type is NULL or not client_credentials")
        token = "A21AA" + secrets.token_urlsafe(48)
        while len(self._tokens) >= MAX_TOKENS:
            self._tokens.popitem(last=False)
        self._tokens[_digest(token.encode())] = _Token(account_of(given[0]), self._clock() + TOKEN_SECONDS)
        body = {
            "scope": SCOPE,
            "access_token": token,
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": TOKEN_SECONDS,
            "nonce": secrets.token_urlsafe(24),
        }
        return Response(payload=body)

    def account(self, token: bytes) -> str | None:
        """The account that a token opens; None for one that was never given, or is over."""
        found = self._tokens.get(_digest(token))
        return None if found is None or found.until <= self._clock() else found.account

    def expire(self) -> int:
        """No token opens anything any more; how many there were."""
        count = len(self._tokens)
        self._tokens.clear()
        return count

    def clear(self) -> None:
        """Forget the tokens, and the clients."""
        self._tokens.clear()
        self._secrets.clear()

    def knows(self, client_id: str, secret: str) -> bool:
        """Whether the secret is that of the client id: the one that was used first."""
        digest = _digest(secret.encode())
        while len(self._secrets) >= MAX_CLIENTS:
            self._secrets.popitem(last=False)
        return secrets.compare_digest(self._secrets.setdefault(client_id, digest), digest)


def account_of(client_id: str) -> str:
    """The account behind a client id. The name is a digest: the id itself is not kept with the objects."""
    return "client_" + hashlib.blake2b(client_id.encode(), digest_size=8).hexdigest()


def _basic(header: bytes) -> tuple[str, str] | None:
    scheme, _, rest = header.partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(rest.strip(), validate=True).decode("latin-1").partition(":")
    except binascii.Error:
        return None
    return (client_id, secret) if client_id and secret else None


def _refused(status: int, error: str, description: str) -> Response:
    return Response(status=status, payload={"error": error, "error_description": description})


def _digest(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=16).digest()
