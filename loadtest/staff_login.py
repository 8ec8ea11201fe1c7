"""A person of staff who logs in at the built-in issuer, as a browser would, and keeps the access token fresh in a file."""

import json
import re
import secrets
import time
import urllib.error
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import unescape
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT_ID: Final = "fincore-dashboard"
TIMEOUT_SECONDS: Final = 30.0
REFRESH_SECONDS: Final = 600.0
"""An access token counts for 15 minutes."""
_HIDDEN: Final = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


class LoginFailed(Exception):
    """The issuer did not let the person in; the message says what it answered."""


class StaffLogin:
    """One person at the server of staff at `url`."""

    def __init__(self, url: str, token_file: Path) -> None:
        self.token_file = token_file
        self._url = url
        self._cookie = ""
        self._refresh_token = ""
        self._refreshed_at = 0.0

    def log_in(self, username: str, one_time_password: str) -> None:
        """Log in for the first time, choose a password, and write the first token. Raises `LoginFailed`."""
        verifier = secrets.token_urlsafe(32)
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        back = f"{self._url}/login/return"
        asked = {
            "client_id": CLIENT_ID,
            "redirect_uri": back,
            "response_type": "code",
            "scope": "openid",
            "state": "load",
            "nonce": "load",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        _, page = self._send(f"/issuer/authorize?{urlencode(asked)}")
        _, page = self._send(
            "/issuer/login", {**_hidden(page), "username": username, "password": one_time_password}
        )
        chosen = secrets.token_urlsafe(24)
        location, page = self._send(
            "/issuer/password", {**_hidden(page), "new_password": chosen, "repeated": chosen}
        )
        codes = parse_qs(urlsplit(location).query).get("code")
        if not codes:
            raise LoginFailed(f"The issuer gave no code: {page[:200]}")
        self._take(
            {
                "grant_type": "authorization_code",
                "code": codes[0],
                "redirect_uri": back,
                "code_verifier": verifier,
            }
        )

    def refresh(self) -> None:
        """Write the next token where the last one is old. Raises `LoginFailed`."""
        if self._refresh_token and time.monotonic() - self._refreshed_at > REFRESH_SECONDS:
            self._take({"grant_type": "refresh_token", "refresh_token": self._refresh_token})

    def _take(self, form: Mapping[str, str]) -> None:
        _, told = self._send("/issuer/token", {"client_id": CLIENT_ID, **form})
        tokens: dict[str, Any] = json.loads(told)
        if "access_token" not in tokens:
            raise LoginFailed(f"The issuer gave no token: {told[:200]}")
        self._refresh_token = tokens.get("refresh_token", "")
        self._refreshed_at = time.monotonic()
        self.token_file.touch(mode=0o600)
        self.token_file.write_text(tokens["access_token"])

    def _send(self, path: str, form: Mapping[str, str] | None = None) -> tuple[str, str]:
        request = urllib.request.Request(  # noqa: S310 -- the server of staff that the run was given
            self._url + path, data=None if form is None else urlencode(form).encode()
        )
        request.add_header("Origin", self._url)
        if self._cookie:
            request.add_header("Cookie", self._cookie)
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                headers, body = response.headers, response.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                headers, body = answer.headers, answer.read().decode()
        except OSError as error:
            raise LoginFailed(f"{self._url} cannot be reached: {error}") from error
        if headers.get("Set-Cookie"):
            self._cookie = headers["Set-Cookie"].partition(";")[0]
        return headers.get("Location", ""), body


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0917 -- as the base has it
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """Follow nothing: what a redirect says is read."""


def _hidden(page: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in _HIDDEN.findall(page)}
