"""/issuer/token, and the documents by which a client finds the issuer and its keys."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.staff.issuer import openapi
from fincore.staff.issuer.authorize_request import challenge_of
from fincore.staff.issuer.client import CLIENT_ID, ISSUER_PATH, IssuerClient
from fincore.staff.issuer.forms import read_form
from fincore.staff.issuer.tokens import ACCESS_SECONDS, ALGORITHM, LocalKeys, TokenMaker
from fincore.write.staff.sessions import Grant, StaffSessions

TokenError = Literal["invalid_request", "invalid_client", "invalid_grant", "unsupported_grant_type"]
"""RFC 6749, 5.2."""


class TokenBody(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens for a client (RFC 6749, 5.1; OpenID Connect Core 1.0, 3.1.3.3)."""

    access_token: Annotated[str, Meta(description="For /staff/v1.")]
    id_token: Annotated[str, Meta(description="For the client.")]
    refresh_token: Annotated[str, Meta(description="Gets the next tokens, once.")]
    token_type: Annotated[Literal["Bearer"], Meta(description="How the access token is sent.")] = "Bearer"  # noqa: S105 -- a name
    expires_in: Annotated[int, Meta(description="Seconds until the access token expires.")] = ACCESS_SECONDS


class TokenErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """Why there are no tokens."""

    error: Annotated[TokenError, Meta(description="The code of RFC 6749.")]


def discovery_of(client: IssuerClient) -> dict[str, object]:
    """What the issuer says of itself (OpenID Connect Discovery 1.0, 3)."""
    return {
        "issuer": client.issuer,
        "authorization_endpoint": f"{client.issuer}/authorize",
        "token_endpoint": f"{client.issuer}/token",
        "end_session_endpoint": f"{client.issuer}/logout",
        "jwks_uri": f"{client.issuer}/.well-known/jwks.json",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "prompt_values_supported": ["none", "login"],
        "scopes_supported": ["openid"],
    }


class IssuerTokens:
    """The handlers of tokens, keys and discovery."""

    def __init__(
        self, client: IssuerClient, sessions: StaffSessions, keys: LocalKeys, tokens: TokenMaker
    ) -> None:
        self._sessions = sessions
        self._keys = keys
        self._tokens = tokens
        self._discovery: Final = json_response(200, discovery_of(client))

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(
                method="GET",
                path=f"{ISSUER_PATH}/.well-known/openid-configuration",
                operation=openapi.DISCOVERY,
                handler=self.discovery,
            ),
            Route(
                method="GET",
                path=f"{ISSUER_PATH}/.well-known/jwks.json",
                operation=openapi.KEYS,
                handler=self.keys,
            ),
            Route(method="POST", path=f"{ISSUER_PATH}/token", operation=openapi.TOKEN, handler=self.token),
        )

    async def discovery(self, _: Call) -> Response:
        """The addresses of the issuer."""
        return self._discovery

    async def keys(self, _: Call) -> Response:
        """The public keys."""
        return Response(200, await self._keys.document())

    async def token(self, call: Call) -> Response:
        """Tokens for a code or a refresh token, each of which counts once."""
        form = await read_form(call)
        if form.get("client_id") != CLIENT_ID:
            return _refused("invalid_client")
        match form.get("grant_type"):
            case "authorization_code":
                grant = await self._grant_of_code(form)
            case "refresh_token":
                grant = await self._sessions.refresh(form.get("refresh_token", ""))
            case _:
                return _refused("unsupported_grant_type")
        if grant is None:
            return _refused("invalid_grant")
        issued = await self._tokens.make(grant)
        return json_response(
            200,
            TokenBody(
                access_token=issued.access_token.reveal(),
                id_token=issued.id_token.reveal(),
                refresh_token=grant.refresh_token.reveal(),
            ),
        )

    async def _grant_of_code(self, form: dict[str, str]) -> Grant | None:
        challenge = challenge_of(form.get("code_verifier", ""))
        if challenge is None:
            return None
        return await self._sessions.redeem_code(
            form.get("code", ""), redirect_uri=form.get("redirect_uri", ""), code_challenge=challenge
        )


def _refused(error: TokenError) -> Response:
    return json_response(400, TokenErrorBody(error=error))
