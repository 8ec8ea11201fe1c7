"""Staff log in at Amazon Cognito, by its emulator on the wire: code flow with PKCE, groups, refresh, logout, names."""

import asyncio
import contextlib
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from html import unescape
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from aiobotocore.session import get_session

from fincore.bootstrap.databases import Stores
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.staff_application import StaffOptions, build_staff
from fincore.bootstrap.staff_issuer import check_staff, dashboard_configuration, people_of_issuer
from fincore.domain.clock import SystemClock
from fincore.eventstore.watch import StreamWatch
from fincore.http.connection import ConnectionBounds
from fincore.postgres.pool import Pool
from fixtures.merchant_api import Api, Reply, running, served, serving_api

REGION: Final = "eu-central-1"
PASSWORD: Final = "Correct-horse-battery-9"
RETURN: Final = "https://staff.example.com/login/return"
LOGGED_OUT: Final = "https://staff.example.com/logged-out"


class UserPool:
    """A user pool with a client, one user, and that user's group."""

    def __init__(self, url: str, pool_id: str, client_id: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.pool_id = pool_id
        self.client_id = client_id
        self.issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{pool_id}"
        self.session = session

    @property
    def settings(self) -> dict[str, str]:
        """The settings of an installation that trusts this pool."""
        return {
            "FINCORE_STAFF_PORT": "8082",
            "FINCORE_STAFF_URL": "https://staff.example.com",
            "FINCORE_STAFF_ISSUER": self.issuer,
            "FINCORE_STAFF_CLIENT_ID": self.client_id,
            "FINCORE_STAFF_DISCOVERY_URL": f"{self.url}/{self.pool_id}/.well-known/openid-configuration",
            "FINCORE_STAFF_GROUPS": "care=support:test books=finance",
            "FINCORE_STAFF_LOGOUT": "cognito",
            "FINCORE_STAFF_LOGOUT_URL": f"{self.url}/logout",
        }

    async def log_in(self) -> dict[str, Any]:
        """The tokens of the user, by the hosted form and PKCE."""
        verifier = secrets.token_urlsafe(32)
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "client_id": self.client_id,
            "redirect_uri": RETURN,
            "response_type": "code",
            "scope": "openid email profile",
            "state": "s",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        async with self.session.get(f"{self.url}/oauth2/authorize?{urlencode(asked)}") as page:
            hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', await page.text())
        form = {name: unescape(value) for name, value in hidden}
        form |= {"username": "ada@example.com", "password": PASSWORD}
        async with self.session.post(f"{self.url}/login", data=form, allow_redirects=False) as reply:
            code = parse_qs(urlsplit(reply.headers["Location"]).query)["code"][0]
        return await self.token(
            grant_type="authorization_code", code=code, redirect_uri=RETURN, code_verifier=verifier
        )

    async def token(self, **form: str) -> dict[str, Any]:
        """Tokens for a grant."""
        form |= {"client_id": self.client_id}
        async with self.session.post(f"{self.url}/oauth2/token", data=form) as reply:
            tokens: dict[str, Any] = await reply.json(content_type=None)
            assert reply.status == 200, tokens
            return tokens


@pytest.fixture
async def user_pool(aws_url: str) -> AsyncIterator[UserPool]:
    async with (
        get_session().create_client(
            "cognito-idp",
            region_name=REGION,
            endpoint_url=aws_url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        ) as cognito,
        aiohttp.ClientSession() as session,
    ):
        pool_id = (await cognito.create_user_pool(PoolName="staff"))["UserPool"]["Id"]
        client = await cognito.create_user_pool_client(
            UserPoolId=pool_id,
            ClientName="dashboard",
            CallbackURLs=[RETURN],
            LogoutURLs=[LOGGED_OUT],
            AllowedOAuthFlows=["code"],
            AllowedOAuthScopes=["openid", "email", "profile"],
            AllowedOAuthFlowsUserPoolClient=True,
            SupportedIdentityProviders=["COGNITO"],
        )
        name = "ada@example.com"
        await cognito.admin_create_user(
            UserPoolId=pool_id,
            Username=name,
            UserAttributes=[{"Name": "email", "Value": name}, {"Name": "name", "Value": "Ada Byron"}],
            MessageAction="SUPPRESS",
        )
        await cognito.admin_set_user_password(
            UserPoolId=pool_id, Username=name, Password=PASSWORD, Permanent=True
        )
        await cognito.create_group(UserPoolId=pool_id, GroupName="care")
        await cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=name, GroupName="care")
        yield UserPool(aws_url, pool_id, client["UserPoolClient"]["ClientId"], session)


class Staff:
    """A running server of staff that trusts a user pool."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def me(self, token: str) -> Reply:
        """Ask who bears a token."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self._session.get(f"{self._url}/staff/v1/me", headers=headers) as reply:
            return Reply(reply.status, reply.headers, await reply.read())


@contextlib.asynccontextmanager
async def serving(api: Api, user_pool: UserPool, **changes: str) -> AsyncIterator[Staff]:
    settings = read_settings(user_pool.settings | changes)
    check_staff(settings)
    pool, clock, watch = api.pool, SystemClock(), StreamWatch(api.log)
    issuer = str(settings.staff_issuer)
    async with people_of_issuer(settings, issuer, clock) as (people, _):
        application = build_staff(
            Stores(eventstore=pool, queue=pool, notify=pool, risk=pool, paymentdb=pool, ledgerdb=pool),
            people,
            StaffOptions(staff_url=settings.staff_url, dashboard=dashboard_configuration(settings)),
            writer=api.writer,
            watch=watch,
            log=api.log,
            clock=clock,
        )
        async with running(watch.run), served(application, ConnectionBounds(per_address_max=1)) as url:
            yield Staff(url, user_pool.session)


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


async def test_person_of_a_user_pool_is_known_by_group_and_name(api: Api, user_pool: UserPool) -> None:
    async with serving(api, user_pool) as staff:
        tokens = await user_pool.log_in()
        me = (await staff.me(tokens["access_token"])).json()
        assert me["grants"] == [{"role": "support", "mode": "test", "merchant": None}]
        assert (me["username"], me["name"]) == ("ada@example.com", "Ada Byron")
        refreshed = await user_pool.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        again = await staff.me(refreshed["access_token"])
        # The token is taken; the emulator, unlike Amazon, leaves the groups out of what a refresh token gets.
        assert again.problem()[:2] == (403, "permission_missing")


async def test_other_tokens_of_the_pool_are_refused(api: Api, user_pool: UserPool) -> None:
    tokens = await user_pool.log_in()
    async with serving(api, user_pool) as staff:
        head, claims, signature = tokens["access_token"].split(".")
        for token in (
            tokens["id_token"],
            tokens["refresh_token"],
            f"{head}.{claims[:-2]}AA.{signature}",
            f"{head}.{claims}.{signature[:-4]}AAAA",
        ):
            assert (await staff.me(token)).problem()[:2] == (401, "token_invalid")
    async with serving(api, user_pool, FINCORE_STAFF_CLIENT_ID="other") as staff:
        assert (await staff.me(tokens["access_token"])).problem()[:2] == (401, "token_invalid")


async def test_logout_of_cognito_leads_back_to_the_dashboard(api: Api, user_pool: UserPool) -> None:
    configuration = dashboard_configuration(read_settings(user_pool.settings))
    assert (configuration.logout.form, configuration.logout.address) == ("cognito", f"{user_pool.url}/logout")
    asked = urlencode({"client_id": user_pool.client_id, "logout_uri": LOGGED_OUT})
    async with user_pool.session.get(
        f"{configuration.logout.address}?{asked}", allow_redirects=False
    ) as reply:
        assert (reply.status, reply.headers["Location"]) == (302, LOGGED_OUT)


async def test_issuer_that_is_away_is_an_outage_and_no_refusal(api: Api, user_pool: UserPool) -> None:
    tokens = await user_pool.log_in()
    async with serving(api, user_pool, FINCORE_STAFF_DISCOVERY_URL="http://127.0.0.1:9/nothing") as staff:
        first, second = await asyncio.gather(*(staff.me(tokens["access_token"]) for _ in range(2)))
        assert first.problem() == second.problem() == (503, "issuer_unavailable", None)
        assert first.headers["Retry-After"] == "5"
