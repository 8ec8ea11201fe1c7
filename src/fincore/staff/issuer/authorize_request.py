"""What a client asks of /issuer/authorize: a code for PKCE, by S256 alone (RFC 7636; RFC 9700, 2.1.1). Pure."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Final, Literal
from urllib.parse import urlencode

import msgspec

from fincore.staff.issuer.client import CLIENT_ID, IssuerClient

STATE_CHARACTERS_MAX: Final = 1_000
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)

Prompt = Literal["", "none", "login"]
PARAMETERS: Final = (
    "client_id",
    "redirect_uri",
    "response_type",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
)
"""What is read; other parameters are ignored (RFC 6749, 3.1)."""


class AuthorizeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that may be answered with a code."""

    redirect_uri: str
    state: str
    nonce: str | None
    code_challenge: str
    prompt: Prompt

    def fields(self) -> dict[str, str]:
        """The parameters that make this request again, without its prompt: it was followed."""
        fields = {
            "client_id": CLIENT_ID,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "state": self.state,
            "code_challenge": self.code_challenge,
            "code_challenge_method": "S256",
        }
        return fields if self.nonce is None else fields | {"nonce": self.nonce}

    def with_code(self, code: str) -> str:
        """The address that hands a code over."""
        return f"{self.redirect_uri}?{urlencode({'code': code, 'state': self.state})}"

    def with_error(self, error: str) -> str:
        """The address that tells the client of an error (RFC 6749, 4.1.2.1)."""
        return f"{self.redirect_uri}?{urlencode({'error': error, 'state': self.state})}"


class WrongClient(msgspec.Struct, frozen=True):
    """The client or its address is not known: nothing is sent there, and the person is told."""


class WrongRequest(msgspec.Struct, frozen=True):
    """The request is of the client and cannot be answered; `leads_to` tells it so."""

    leads_to: str


def read_authorize_request(
    given: Mapping[str, str], client: IssuerClient
) -> AuthorizeRequest | WrongClient | WrongRequest:
    """What some parameters ask for."""
    redirect_uri = given.get("redirect_uri", "")
    if given.get("client_id") != CLIENT_ID or redirect_uri != client.redirect_uri:
        return WrongClient()
    state, nonce = given.get("state", ""), given.get("nonce")
    challenge = given.get("code_challenge", "")
    prompt = given.get("prompt", "")
    request = AuthorizeRequest(
        redirect_uri=redirect_uri,
        state=state if len(state) <= STATE_CHARACTERS_MAX else "",
        nonce=nonce,
        code_challenge=challenge,
        prompt="none" if prompt == "none" else "login" if prompt == "login" else "",
    )
    if given.get("response_type") != "code":
        return WrongRequest(request.with_error("unsupported_response_type"))
    is_whole = (
        len(state) <= STATE_CHARACTERS_MAX
        and len(nonce or "") <= STATE_CHARACTERS_MAX
        and given.get("code_challenge_method") == "S256"
        and _CHALLENGE.fullmatch(challenge) is not None
    )
    return request if is_whole else WrongRequest(request.with_error("invalid_request"))


def challenge_of(verifier: str) -> str | None:
    """The challenge that a verifier answers (RFC 7636, 4.6); None for a text that is no verifier."""
    if _VERIFIER.fullmatch(verifier) is None:
        return None
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
