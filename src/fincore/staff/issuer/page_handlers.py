"""/issuer/authorize, /issuer/login, /issuer/password, /issuer/logout: what the browser of a person opens."""

import math
from collections.abc import Mapping, Sequence
from typing import Final, assert_never

from fincore.domain.secret import Secret
from fincore.http.client_address import Network
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.static_file import IMMUTABLE, file_response, static_file
from fincore.staff.issuer import openapi
from fincore.staff.issuer.authorize_request import (
    PARAMETERS,
    AuthorizeRequest,
    WrongClient,
    WrongRequest,
    read_authorize_request,
)
from fincore.staff.issuer.client import CLIENT_ID, ISSUER_PATH, IssuerClient
from fincore.staff.issuer.forms import SessionCookie, fields_of, read_form, require_own_page
from fincore.staff.issuer.logins import LoggedIn, Logins, MustChoose, MustWait, NotChosen, WrongLogin
from fincore.staff.issuer.pages import (
    STYLE,
    STYLE_PATH,
    choose_page,
    login_page,
    texts_for,
    wrong_client_page,
)
from fincore.write.staff.sessions import AskedCode, Session, StaffSessions

_TICKET: Final = "ticket"


class IssuerPages:
    """The handlers of pages. `trusted` are proxies that state the address of their client."""

    def __init__(
        self,
        client: IssuerClient,
        logins: Logins,
        sessions: StaffSessions,
        *,
        trusted: Sequence[Network] = (),
    ) -> None:
        self._client = client
        self._logins = logins
        self._sessions = sessions
        self._trusted = trusted
        self._cookie = SessionCookie(is_https=client.staff_url.startswith("https://"))
        self._style = static_file("style.css", STYLE)

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(
                method="GET",
                path=f"{ISSUER_PATH}/authorize",
                operation=openapi.AUTHORIZE,
                handler=self.authorize,
            ),
            Route(method="POST", path=f"{ISSUER_PATH}/login", operation=openapi.LOG_IN, handler=self.log_in),
            Route(
                method="POST",
                path=f"{ISSUER_PATH}/password",
                operation=openapi.CHOOSE_PASSWORD,
                handler=self.choose_password,
            ),
            Route(
                method="GET", path=f"{ISSUER_PATH}/logout", operation=openapi.LOG_OUT, handler=self.log_out
            ),
            Route(method="GET", path=STYLE_PATH, operation=openapi.STYLE, handler=self.style),
        )

    async def authorize(self, call: Call) -> Response:
        """A code for a browser with a session; else the form, or the error that the client asks for."""
        request = read_authorize_request(fields_of(call.query.decode("latin-1")), self._client)
        if not isinstance(request, AuthorizeRequest):
            return _refused(call, request)
        secret = self._cookie.secret_in(call)
        session = None if secret is None else await self._sessions.find(secret)
        if session is not None and request.prompt != "login":
            return await self._with_code(request, session)
        if request.prompt == "none":
            return _redirect(request.with_error("login_required"))
        return login_page(_languages(call), request.fields())

    async def log_in(self, call: Call) -> Response:
        """The form of the login."""
        require_own_page(call, self._client.staff_url)
        form = await read_form(call)
        request = read_authorize_request(_asked(form), self._client)
        if not isinstance(request, AuthorizeRequest):
            return _refused(call, request)
        username = form.get("username", "")
        address = call.client_address(self._trusted)
        login = await self._logins.log_in(
            username, form.get("password", ""), None if address is None else str(address)
        )
        languages, fields = _languages(call), request.fields()
        _, texts = texts_for(languages)
        match login:
            case LoggedIn(session=secret):
                return await self._entered(request, secret, call)
            case MustChoose(ticket=ticket):
                return choose_page(languages, fields | {_TICKET: ticket.reveal()})
            case WrongLogin():
                return login_page(languages, fields, status=403, username=username, said=texts.wrong)
            case MustWait(seconds=seconds):
                whole = math.ceil(seconds)
                return login_page(
                    languages,
                    fields,
                    status=429,
                    username=username,
                    said=texts.wait.format(seconds=whole),
                    headers=(("retry-after", str(whole)),),
                )
            case _:
                assert_never(login)

    async def choose_password(self, call: Call) -> Response:
        """The form for a new password."""
        require_own_page(call, self._client.staff_url)
        form = await read_form(call)
        request = read_authorize_request(_asked(form), self._client)
        if not isinstance(request, AuthorizeRequest):
            return _refused(call, request)
        ticket = form.get(_TICKET, "")
        chosen = await self._logins.choose_password(
            ticket, form.get("new_password", ""), form.get("repeated", "")
        )
        languages, fields = _languages(call), request.fields()
        _, texts = texts_for(languages)
        match chosen:
            case LoggedIn(session=secret):
                return await self._entered(request, secret, call)
            case NotChosen(flaw=flaw):
                return choose_page(languages, fields | {_TICKET: ticket}, status=422, said=texts.flaws[flaw])
            case WrongLogin():
                return login_page(languages, fields, status=403, said=texts.expired)
            case _:
                assert_never(chosen)

    async def log_out(self, call: Call) -> Response:
        """End the session, and lead to where the dashboard says that it has ended; to nowhere else."""
        asked = fields_of(call.query.decode("latin-1"))
        leads_to = asked.get("logout_uri", asked.get("post_logout_redirect_uri", self._client.logout_uri))
        if asked.get("client_id", CLIENT_ID) != CLIENT_ID or leads_to != self._client.logout_uri:
            return wrong_client_page(_languages(call))
        secret = self._cookie.secret_in(call)
        if secret is not None:
            await self._sessions.end(secret)
        return _redirect(leads_to, self._cookie.forgetting())

    async def style(self, call: Call) -> Response:
        """The style of these pages."""
        return file_response(call, self._style, (IMMUTABLE,))

    async def _entered(self, request: AuthorizeRequest, secret: Secret, call: Call) -> Response:
        """Back to the client with a code, and with a cookie; the session that the browser had before ends."""
        before = self._cookie.secret_in(call)
        if before is not None:
            await self._sessions.end(before)
        session = await self._sessions.find(secret.reveal())
        if session is None:  # the person was disabled in this moment
            return _redirect(request.with_error("access_denied"))
        return await self._with_code(request, session, self._cookie.setting(secret.reveal()))

    async def _with_code(
        self, request: AuthorizeRequest, session: Session, *headers: tuple[str, str]
    ) -> Response:
        asked = AskedCode(
            redirect_uri=request.redirect_uri, code_challenge=request.code_challenge, nonce=request.nonce
        )
        code = await self._sessions.new_code(session, asked)
        return _redirect(request.with_code(code.reveal()), *headers)


def _asked(form: Mapping[str, str]) -> dict[str, str]:
    """What the client asked for, as the form carries it."""
    return {name: form[name] for name in PARAMETERS if name in form}


def _refused(call: Call, wrong: WrongClient | WrongRequest) -> Response:
    match wrong:
        case WrongClient():
            return wrong_client_page(_languages(call))
        case WrongRequest(leads_to=leads_to):
            return _redirect(leads_to)
        case _:
            assert_never(wrong)


def _redirect(leads_to: str, *headers: tuple[str, str]) -> Response:
    return Response(303, b"", headers=(("location", leads_to), *headers))


def _languages(call: Call) -> list[str]:
    return call.header_values(b"accept-language")
