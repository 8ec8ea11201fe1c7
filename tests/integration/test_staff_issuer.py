"""The built-in issuer: from a one-time password to tokens, over HTTP, and everything by which a login ends."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from fincore.domain.clock import SystemClock
from fincore.postgres.pool import Pool
from fincore.staff.issuer.client import CLIENT_ID
from fincore.staff.issuer.tokens import LocalKeys
from fincore.write.staff.login_attempts import ACCOUNT, ADDRESS, LoginAttempts
from fincore.write.staff.passwords import Passwords
from fincore.write.staff.sessions import StaffSessions
from fincore.write.staff.signing_keys import SigningKeys
from fixtures.cases import on_one_installation
from fixtures.merchant_api import Reply, serving_api
from fixtures.staff_issuer import (
    CAUSE,
    ENCRYPTION_KEY,
    PASSWORD,
    Browser,
    Issuer,
    code_in,
    hidden_fields,
    serving_issuer,
)


@pytest.fixture
async def issuer(pool: Pool) -> AsyncIterator[Issuer]:
    async with serving_api(pool) as api, serving_issuer(api) as issuer:
        yield issuer


def error_in(redirect: Any) -> str:
    assert redirect.status == 303, redirect.body
    return str(parse_qs(urlsplit(redirect.headers["Location"]).query)["error"][0])


async def test_person_chooses_a_password_and_gets_tokens(issuer: Issuer) -> None:
    browser = issuer.browser()
    one_time = await issuer.person("ada@example.com", "support:test", "viewer")
    page = await browser.authorize()
    assert (page.status, b"<script" in page.body) == (200, False)
    assert "script-src" not in page.headers["Content-Security-Policy"]
    choose = await browser.post_form(page, "/issuer/login", username=" ADA@example.com", password=one_time)
    assert b"new_password" in choose.body
    redirect = await browser.post_form(choose, "/issuer/password", new_password=PASSWORD, repeated=PASSWORD)
    assert redirect.headers["Location"].startswith(f"{issuer.url}/login/return?code=")
    assert "state=state-1" in redirect.headers["Location"]
    tokens = await browser.tokens_for(redirect)
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    me = (await browser.me(tokens["access_token"])).json()
    assert (me["username"], me["name"]) == ("ada@example.com", "Ada Byron")
    assert me["grants"] == [
        {"role": "support", "mode": "test", "merchant": None},
        {"role": "viewer", "mode": None, "merchant": None},
    ]
    # The password that was chosen logs in, in another browser, and the one-time password no more.
    other = issuer.browser()
    assert (await other.log_in("ada@example.com", one_time)).status == 403
    assert code_in(await other.log_in("ada@example.com", PASSWORD))


async def test_tokens_have_the_claims_that_cognito_gives(issuer: Issuer) -> None:
    browser, tokens = await issuer.logged_in()
    discovery = (await browser.request("GET", "/issuer/.well-known/openid-configuration")).json()
    assert discovery["issuer"] == f"{issuer.url}/issuer"
    keys = KeySet.import_key_set((await browser.request("GET", urlsplit(discovery["jwks_uri"]).path)).json())
    access = jwt.decode(tokens["access_token"], keys, algorithms=["RS256"]).claims
    identity = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
    assert (access["token_use"], access["client_id"], "aud" in access) == ("access", CLIENT_ID, False)
    assert (access["cognito:groups"], access["username"]) == (["support"], "ada@example.com")
    assert (identity["token_use"], identity["aud"], identity["nonce"]) == ("id", CLIENT_ID, "nonce-1")
    assert access["iss"] == identity["iss"] == f"{issuer.url}/issuer"
    assert (await browser.me(tokens["id_token"])).problem() == (401, "token_invalid", "Authorization")


async def test_cookie_is_out_of_reach_and_needs_no_second_login(issuer: Issuer) -> None:
    browser, _ = await issuer.logged_in()
    reply = await issuer.browser().log_in("ada@example.com", PASSWORD)
    cookie = reply.headers["Set-Cookie"]
    assert cookie.endswith("Path=/issuer; HttpOnly; SameSite=Strict")
    silent = await browser.authorize(prompt="none")
    assert (await browser.me((await browser.tokens_for(silent))["access_token"])).status == 200
    assert b"password" in (await browser.authorize(prompt="login")).body
    assert error_in(await issuer.browser().authorize(prompt="none")) == "login_required"


async def test_code_counts_once_and_its_reuse_ends_the_login(issuer: Issuer) -> None:
    browser, _ = await issuer.logged_in()
    code = code_in(await browser.authorize())
    first, second = await asyncio.gather(browser.redeem(code), browser.redeem(code))
    assert sorted((first.status, second.status)) == [200, 400]
    tokens = (first if first.status == 200 else second).json()
    assert (await browser.me(tokens["access_token"])).problem()[1] == "token_invalid"
    assert (await browser.refresh(tokens["refresh_token"])).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "https://elsewhere.example.com/login/return"},
        {"code": "x"},
        {"client_id": "other"},
        {"grant_type": "password"},
    ],
    ids=["other verifier", "no verifier", "other address", "other code", "other client", "other grant"],
)
async def test_code_with_anything_else_gets_no_tokens(issuer: Issuer, changes: dict[str, str]) -> None:
    browser, _ = await issuer.logged_in()
    reply = await browser.redeem(code_in(await browser.authorize()), **changes)
    assert (reply.status, list(reply.json())) == (400, ["error"])
    assert reply.headers["Cache-Control"] == "no-store"


async def test_code_expires_after_a_minute(issuer: Issuer, pool: Pool) -> None:
    browser, _ = await issuer.logged_in()
    code = code_in(await browser.authorize())
    await pool.execute("update staff.authorization_codes set issued_at = issued_at - interval '61 s'")
    assert (await browser.redeem(code)).json() == {"error": "invalid_grant"}


async def test_refresh_token_counts_once_and_its_reuse_ends_all(issuer: Issuer) -> None:
    browser, tokens = await issuer.logged_in()
    following = (await browser.refresh(tokens["refresh_token"])).json()
    assert (await browser.me(following["access_token"])).status == 200
    assert (await browser.refresh(tokens["refresh_token"])).json() == {"error": "invalid_grant"}
    assert (await browser.refresh(following["refresh_token"])).json() == {"error": "invalid_grant"}
    assert (await browser.me(following["access_token"])).problem()[1] == "token_invalid"


async def test_refreshes_at_once_leave_one_winner_at_most(issuer: Issuer) -> None:
    browser, tokens = await issuer.logged_in()
    replies = await asyncio.gather(*(browser.refresh(tokens["refresh_token"]) for _ in range(4)))
    assert sum(reply.status == 200 for reply in replies) <= 1


async def test_logout_ends_session_and_every_token(issuer: Issuer) -> None:
    browser, tokens = await issuer.logged_in()
    stranger = await browser.request("GET", "/issuer/logout?client_id=x&logout_uri=https://x.example.com")
    assert (stranger.status, "Location" in stranger.headers) == (400, False)
    assert (await browser.me(tokens["access_token"])).status == 200
    reply = await browser.request(
        "GET", f"/issuer/logout?client_id={CLIENT_ID}&logout_uri={issuer.url}/logged-out"
    )
    assert (reply.status, reply.headers["Location"]) == (303, f"{issuer.url}/logged-out")
    assert "Max-Age=0" in reply.headers["Set-Cookie"]
    assert (await browser.me(tokens["access_token"])).problem()[1] == "token_invalid"
    assert (await browser.refresh(tokens["refresh_token"])).json() == {"error": "invalid_grant"}
    assert error_in(await browser.authorize(prompt="none")) == "login_required"


@pytest.mark.parametrize(
    ("column", "age"),
    [("seen_at", "2 hours 1 second"), ("begun_at", "12 hours 1 second")],
    ids=["idle", "absolute"],
)
async def test_session_ends_when_unused_and_after_a_day_of_work(
    issuer: Issuer, pool: Pool, column: str, age: str
) -> None:
    browser, tokens = await issuer.logged_in()
    await pool.execute(f"update staff.sessions set {column} = {column} - interval '{age}'")  # noqa: S608 -- words of this test
    assert error_in(await browser.authorize(prompt="none")) == "login_required"
    assert (await browser.refresh(tokens["refresh_token"])).json() == {"error": "invalid_grant"}


async def test_disabled_person_is_refused_at_once(issuer: Issuer) -> None:
    browser, tokens = await issuer.logged_in()
    await issuer.people.disable("ada@example.com", CAUSE)
    assert (await browser.me(tokens["access_token"])).problem()[1] == "token_invalid"
    assert (await browser.refresh(tokens["refresh_token"])).json() == {"error": "invalid_grant"}
    assert error_in(await browser.authorize(prompt="none")) == "login_required"
    assert (await issuer.browser().log_in("ada@example.com", PASSWORD)).status == 403


async def test_changed_roles_count_at_once(issuer: Issuer) -> None:
    browser, tokens = await issuer.logged_in()
    await issuer.people.set_roles("ada@example.com", ["finance:live"], CAUSE)
    grants = (await browser.me(tokens["access_token"])).json()["grants"]
    assert grants == [{"role": "finance", "mode": "live", "merchant": None}]


async def test_reset_ends_sessions_and_asks_for_a_new_password(issuer: Issuer) -> None:
    browser, tokens = await issuer.logged_in()
    one_time = (await issuer.people.reset("ada@example.com", CAUSE)).password.reveal()
    assert (await browser.me(tokens["access_token"])).problem()[1] == "token_invalid"
    assert (await browser.log_in("ada@example.com", PASSWORD)).status == 403
    assert b"new_password" in (await browser.log_in("ada@example.com", one_time)).body


async def test_one_time_password_expires(issuer: Issuer, pool: Pool) -> None:
    one_time = await issuer.person()
    await pool.execute("update staff.people set one_time_until = clock_timestamp()")
    assert (await issuer.browser().log_in("ada@example.com", one_time)).status == 403


@pytest.mark.parametrize(
    ("chosen", "repeated", "said"),
    [
        ("short", "short", "12 to 128"),
        ("x" * 129, "x" * 129, "12 to 128"),
        ("aaaaaaaaaaaaaa", "aaaaaaaaaaaaaa", "harder to guess"),
        ("ada@example.com", "ada@example.com", "harder to guess"),
        (PASSWORD, PASSWORD + "x", "same password twice"),
    ],
    ids=["short", "long", "one letter", "name", "different"],
)
async def test_password_that_may_not_be_chosen_is_asked_again(
    issuer: Issuer, chosen: str, repeated: str, said: str
) -> None:
    browser = issuer.browser()
    page = await browser.log_in("ada@example.com", await issuer.person())
    refused = await browser.post_form(page, "/issuer/password", new_password=chosen, repeated=repeated)
    assert (refused.status, said.encode() in refused.body) == (422, True)
    redirect = await browser.post_form(refused, "/issuer/password", new_password=PASSWORD, repeated=PASSWORD)
    assert code_in(redirect)
    again = await browser.post_form(page, "/issuer/password", new_password=PASSWORD, repeated=PASSWORD)
    assert again.status == 403  # the ticket counts once


async def test_login_is_throttled_by_account(issuer: Issuer) -> None:
    browser = issuer.browser()
    await issuer.person()
    page = await browser.authorize()
    statuses = [
        (await browser.post_form(page, "/issuer/login", username="ada@example.com", password="wrong")).status
        for _ in range(ACCOUNT.free + 3)
    ]
    assert statuses == [403] * (ACCOUNT.free + 1) + [429] * 2
    # An account that is not there is throttled alike.
    strangers = [
        (await browser.post_form(page, "/issuer/login", username="bob@example.com", password="wrong")).status
        for _ in range(ACCOUNT.free + 3)
    ]
    assert strangers == statuses
    last = await browser.post_form(page, "/issuer/login", username="ada@example.com", password="wrong")
    assert 1 <= int(last.headers["Retry-After"]) <= 5


async def test_address_that_must_wait_locks_no_account(pool: Pool) -> None:
    attempts = LoginAttempts(pool)
    for number in range(ADDRESS.free + 1):
        await attempts.begin(f"account {number}", "192.0.2.1")
    for _ in range(ACCOUNT.free + 2):
        assert await attempts.begin("ada", "192.0.2.1") > 0
    assert await attempts.begin("ada", "192.0.2.2") == 0
    assert (
        await pool.fetchval("select count(*) from staff.login_attempts where kind = 'account'")
        == ADDRESS.free + 2
    )


async def log_in_while_reset(
    issuer: Issuer, browser: Browser, password: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[Reply, str]:
    """What a login answers after its password was compared and another one was given; and that other one."""
    compare, compared, reset = Passwords.is_right, asyncio.Event(), asyncio.Event()

    async def held(passwords: Passwords, *texts: Any) -> bool:
        is_right = await compare(passwords, *texts)
        compared.set()
        await reset.wait()
        return is_right

    with monkeypatch.context() as patch:
        patch.setattr(Passwords, "is_right", held)
        login = asyncio.create_task(browser.log_in("ada@example.com", password))
        await compared.wait()
        given = await issuer.people.reset("ada@example.com", CAUSE)
        reset.set()
        return await login, given.password.reveal()


async def test_login_under_way_ends_with_its_password(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await issuer.logged_in()
    thief = issuer.browser()
    await log_in_while_reset(issuer, thief, PASSWORD, monkeypatch)
    assert error_in(await thief.authorize(prompt="none")) == "login_required"


async def test_one_time_password_of_before_chooses_nothing(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await issuer.person()
    thief = issuer.browser()
    page, new = await log_in_while_reset(issuer, thief, old, monkeypatch)
    chosen = await thief.post_form(page, "/issuer/password", new_password=PASSWORD, repeated=PASSWORD)
    assert chosen.status == 403
    assert b"new_password" in (await issuer.browser().log_in("ada@example.com", new)).body


async def test_attempts_at_once_are_no_way_around_the_throttle(issuer: Issuer) -> None:
    browser = issuer.browser()
    await issuer.person()
    page = await browser.authorize()
    replies = await asyncio.gather(
        *(
            browser.post_form(page, "/issuer/login", username="ada@example.com", password=f"wrong {number}")
            for number in range(20)
        )
    )
    assert sum(reply.status == 403 for reply in replies) == ACCOUNT.free + 1


async def test_answer_says_nothing_of_which_names_there_are(issuer: Issuer) -> None:
    browser = issuer.browser()
    await issuer.person()
    await issuer.person("eve@example.com")
    await issuer.people.disable("eve@example.com", CAUSE)
    bodies = {
        (await browser.log_in(name, "wrong")).body.replace(name.encode(), b"")
        for name in ("ada@example.com", "eve@example.com", "bob@example.com")
    }
    assert len(bodies) == 1


async def test_form_of_another_site_is_refused(issuer: Issuer) -> None:
    browser = issuer.browser()
    one_time = await issuer.person()
    fields = hidden_fields(await browser.authorize()) | {"username": "ada@example.com", "password": one_time}
    for origin in ("https://evil.example.com", "null", ""):
        reply = await browser.request("POST", "/issuer/login", headers={"Origin": origin}, form=fields)
        assert reply.problem() == (403, "origin_not_registered", "Origin")
        assert "Set-Cookie" not in reply.headers


@on_one_installation(
    "changes",
    [
        {"redirect_uri": "https://evil.example.com/login/return"},
        {"redirect_uri": "http://127.0.0.1/login/return"},
        {"client_id": "other"},
        {"redirect_uri": ""},
    ],
)
async def test_address_that_is_not_the_dashboards_is_led_nowhere(
    issuer: Issuer, changes: dict[str, str]
) -> None:
    reply = await issuer.browser().authorize(**changes)
    assert (reply.status, "Location" in reply.headers) == (400, False)
    assert b"evil" not in reply.body


@on_one_installation(
    ("changes", "error"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "x"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
async def test_request_without_pkce_by_s256_gets_an_error(
    issuer: Issuer, changes: dict[str, str], error: str
) -> None:
    assert error_in(await issuer.browser().authorize(**changes)) == error


async def test_texts_of_clients_and_people_are_never_markup(issuer: Issuer) -> None:
    browser = issuer.browser()
    page = await browser.authorize(state='"><script>alert(1)</script>', nonce="'><img src=x>")
    assert b"<script" not in page.body
    assert b"<img" not in page.body
    assert hidden_fields(page)["state"] == '"><script>alert(1)</script>'
    wrong = await browser.post_form(page, "/issuer/login", username="<b>ada</b>", password="x")
    assert b"<b>" not in wrong.body


async def test_login_speaks_german_where_the_browser_does(issuer: Issuer) -> None:
    browser = issuer.browser()
    page = await browser.request(
        "GET",
        "/issuer/authorize?client_id=x",
        headers={"Accept-Language": "fr, de-AT;q=0.9, en;q=0.8"},
    )
    assert (page.headers["Content-Language"], b'lang="de"' in page.body) == ("de", True)


async def test_replaced_key_signs_and_the_one_before_still_counts(issuer: Issuer, pool: Pool) -> None:
    browser, tokens = await issuer.logged_in()
    keys = SigningKeys(pool, ENCRYPTION_KEY)
    before = await keys.current()
    assert before is not None
    # As after a change of FINCORE_SECRETS_KEY: the key cannot be read, and another one is made.
    assert await SigningKeys(pool, bytes(32)).current() is None
    assert await keys.replace(before._replace(key_id="key-2"), replaced=before.key_id)
    assert {key["kid"] for key in await keys.published()} >= {before.key_id}
    assert (await browser.me(tokens["access_token"])).status == 200


async def test_key_that_cannot_be_read_is_replaced_by_another(issuer: Issuer, pool: Pool) -> None:
    """As after a change of FINCORE_SECRETS_KEY: a person stays logged in."""
    browser, tokens = await issuer.logged_in()
    others = [LocalKeys(SigningKeys(pool, bytes(32)), SystemClock()) for _ in range(2)]
    ids = {(await keys.signing())[0] for keys in others}
    assert len(ids) == 1
    published = {key["kid"] for key in await SigningKeys(pool, ENCRYPTION_KEY).published()}
    assert published > ids
    assert (await browser.me(tokens["access_token"])).status == 200


async def test_passwords_and_secrets_are_stored_as_hashes_only(issuer: Issuer, pool: Pool) -> None:
    browser, tokens = await issuer.logged_in()
    code = code_in(await browser.authorize())
    rows: list[Any] = []
    for table in (
        "people",
        "signing_keys",
        "sessions",
        "authorization_codes",
        "refresh_tokens",
        "token_families",
        "password_tickets",
        "login_attempts",
        "acts",
    ):
        rows += await pool.fetch(f"select to_jsonb(t)::text as row from staff.{table} as t")  # noqa: S608 -- a table
    stored = "\n".join(row["row"] for row in rows)
    secret = browser.cookie.partition("=")[2]
    for text in (PASSWORD, code, tokens["refresh_token"], tokens["access_token"], secret, "PRIVATE KEY"):
        assert text not in stored
        assert text.encode().hex() not in stored


async def test_what_ended_long_ago_is_purged(issuer: Issuer, pool: Pool) -> None:
    await issuer.logged_in()
    await pool.execute("update staff.sessions set begun_at = begun_at - interval '37 hours'")
    await pool.execute("update staff.password_tickets set issued_at = issued_at - interval '25 hours'")
    await pool.execute(
        "insert into staff.login_attempts values ('account', sha256('a'), 1, clock_timestamp() - interval '25 h', '-infinity')"
    )
    await StaffSessions(pool).purge()
    await LoginAttempts(pool).purge()
    for table in ("sessions", "authorization_codes", "refresh_tokens", "token_families", "password_tickets"):
        assert await pool.fetchval(f"select count(*) from staff.{table}") == 0, table  # noqa: S608 -- a table
    assert await pool.fetchval("select count(*) from staff.login_attempts where kind = 'account'") == 0


async def test_access_token_expires_after_fifteen_minutes(pool: Pool) -> None:
    class Later:
        seconds = 0.0

        def now(self) -> datetime:
            return datetime.fromtimestamp(time.time() + self.seconds, UTC)

    clock = Later()
    async with serving_api(pool) as api, serving_issuer(api, clock=clock) as issuer:
        browser, tokens = await issuer.logged_in()
        clock.seconds = 899
        assert (await browser.me(tokens["access_token"])).status == 200
        clock.seconds = 931
        assert (await browser.me(tokens["access_token"])).problem()[1] == "token_invalid"
        assert (await browser.refresh(tokens["refresh_token"])).status == 200


async def test_localhost_leads_to_the_address_of_staff(issuer: Issuer) -> None:
    port = issuer.url.rpartition(":")[2]
    browser = issuer.browser()
    for path in ("/issuer/authorize?state=a%20b", "/test/charges/%C3%A4", "//evil.example.com/x"):
        led = await browser.request("GET", path, headers={"Host": f"localhost:{port}"})
        assert (led.status, led.headers["X-Frame-Options"]) == (307, "DENY")
        assert led.headers["Location"] == issuer.url + path
    stayed = await browser.request("GET", "/healthz", headers={"Host": f"127.0.0.1:{port}"})
    assert stayed.status == 200
