"""The user pool of Cognito with one person of staff, who logs in by its form and asks FinCore who that is."""

import json
import re
import secrets
import urllib.error
import urllib.request
from base64 import urlsafe_b64encode
from hashlib import sha256
from html import unescape
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from harness.failure import InstallationFailed

from demo.aws.emulator import REGION, Emulator

GROUP: Final = "support"
EMAIL: Final = "ada@example.com"
NAME: Final = "Ada"
CALL_SECONDS_MAX: Final = 20.0


class _StaysHere(urllib.request.HTTPRedirectHandler):
    """Where a form leads is read, and not followed."""

    def redirect_request(self, *_: Any) -> None:
        return None


class UserPool:
    """A pool, its client for the dashboard, and the person in its group."""

    def __init__(self, emulator: Emulator, staff_url: str) -> None:
        self._url = emulator.url
        self._return = f"{staff_url}/login/return"
        self._password = f"A1!{secrets.token_urlsafe(24)}"
        cognito = emulator.client("cognito-idp")
        self._pool_id = str(cognito.create_user_pool(PoolName="staff")["UserPool"]["Id"])
        client = cognito.create_user_pool_client(
            UserPoolId=self._pool_id,
            ClientName="dashboard",
            CallbackURLs=[self._return],
            AllowedOAuthFlows=["code"],
            AllowedOAuthScopes=["openid"],
            AllowedOAuthFlowsUserPoolClient=True,
            SupportedIdentityProviders=["COGNITO"],
        )
        self._client_id = str(client["UserPoolClient"]["ClientId"])
        here = {"UserPoolId": self._pool_id, "Username": EMAIL}
        attributes = [{"Name": "email", "Value": EMAIL}, {"Name": "name", "Value": NAME}]
        cognito.admin_create_user(**here, UserAttributes=attributes, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(**here, Password=self._password, Permanent=True)
        cognito.create_group(UserPoolId=self._pool_id, GroupName=GROUP)
        cognito.admin_add_user_to_group(**here, GroupName=GROUP)

    @property
    def settings(self) -> dict[str, str]:
        """The settings of an installation that trusts this pool."""
        return {
            "FINCORE_STAFF_ISSUER": f"https://cognito-idp.{REGION}.amazonaws.com/{self._pool_id}",
            "FINCORE_STAFF_DISCOVERY_URL": f"{self._url}/{self._pool_id}/.well-known/openid-configuration",
            "FINCORE_STAFF_CLIENT_ID": self._client_id,
            "FINCORE_STAFF_GROUPS": f"{GROUP}={GROUP}",
            "FINCORE_STAFF_LOGOUT": "cognito",
            "FINCORE_STAFF_LOGOUT_URL": f"{self._url}/logout",
        }

    def log_in(self) -> str:
        """The access token of the person, by the form of the pool and PKCE. Raises `InstallationFailed`."""
        verifier = secrets.token_urlsafe(32)
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "client_id": self._client_id,
            "redirect_uri": self._return,
            "response_type": "code",
            "scope": "openid",
            "state": "s",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        try:
            page = _got(f"{self._url}/oauth2/authorize?{urlencode(asked)}").decode()
            hidden = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page))
            form = {name: unescape(value) for name, value in hidden.items()}
            led_to = _location(f"{self._url}/login", form | {"username": EMAIL, "password": self._password})
            grant = {
                "grant_type": "authorization_code",
                "client_id": self._client_id,
                "code": parse_qs(urlsplit(led_to).query)["code"][0],
                "redirect_uri": self._return,
                "code_verifier": verifier,
            }
            tokens = json.loads(_got(f"{self._url}/oauth2/token", urlencode(grant).encode()))
        except (OSError, KeyError) as error:
            raise InstallationFailed(f"The person cannot log in at the user pool: {error!r}.") from None
        return str(tokens["access_token"])


def who_is(staff_url: str, token: str) -> dict[str, Any]:
    """The person that FinCore sees in the bearer of a token. Raises `InstallationFailed`."""
    request = urllib.request.Request(  # noqa: S310 -- our own server
        f"{staff_url}/staff/v1/me", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=CALL_SECONDS_MAX) as answer:  # noqa: S310 -- our own server
            found: dict[str, Any] = json.load(answer)
    except OSError as error:
        raise InstallationFailed(
            f"The role `staff` does not know the person of the user pool: {error}."
        ) from None
    return found


def _got(url: str, body: bytes | None = None) -> bytes:
    with urllib.request.urlopen(url, body, timeout=CALL_SECONDS_MAX) as answer:  # noqa: S310 -- the emulator
        content: bytes = answer.read()
        return content


def _location(url: str, form: dict[str, str]) -> str:
    """Where a form leads."""
    opener = urllib.request.build_opener(_StaysHere)
    try:
        with opener.open(url, urlencode(form).encode(), timeout=CALL_SECONDS_MAX) as answer:
            return str(answer.headers["Location"])
    except urllib.error.HTTPError as redirect:
        with redirect:
            return str(redirect.headers["Location"])
