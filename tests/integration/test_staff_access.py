"""Who may enter the server of staff: tokens, roles, modes and merchants, over HTTP."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from fincore.http.problems import PROBLEMS
from fincore.postgres.pool import Pool
from fixtures.cases import on_one_installation
from fixtures.merchant_api import Api, serving_api
from fixtures.staff_server import (
    CLIENT_ID,
    ISSUER,
    KEY_ID,
    StaffServer,
    access_claims,
    serving_staff,
    signed,
    signing_key,
)


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


@pytest.fixture
async def staff(api: Api) -> AsyncIterator[StaffServer]:
    async with serving_staff(api) as staff:
        yield staff


async def test_person_sees_own_roles_and_what_they_allow(staff: StaffServer) -> None:
    reply = await staff.person("support", mode="test").get("/staff/v1/me")
    body = reply.json()
    assert (reply.status, body["subject"], body["username"]) == (200, "sub-ada", "ada@example.com")
    assert body["grants"] == [{"role": "support", "mode": "test", "merchant": None}]
    assert body["permissions"]["live"] == []
    assert "payments.act" in body["permissions"]["test"]
    assert "audit.read" not in body["permissions"]["test"]


async def test_answer_to_staff_has_every_security_header(staff: StaffServer) -> None:
    for reply in (await staff.person("viewer").get("/staff/v1/me"), await staff.bearer("").get("/nowhere")):
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert reply.headers["X-Frame-Options"] == "DENY"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "no-referrer"


async def test_call_without_bearer_token_is_refused(staff: StaffServer, api: Api) -> None:
    nobody = staff.bearer("")
    for headers in (
        {"Authorization": ""},
        {"Authorization": "Basic YWRhOg=="},
        {"Authorization": "", "Cookie": f"token={signed(access_claims())}"},
    ):
        reply = await nobody.request("GET", "/staff/v1/me", headers=headers)
        assert reply.problem() == (401, "token_missing", "Authorization")
        assert "WWW-Authenticate" in reply.headers
    key = await nobody.request("GET", "/staff/v1/me", headers={"Authorization": f"Bearer {api.key.reveal()}"})
    assert key.problem() == (401, "token_invalid", "Authorization")


GROUPS: dict[str, Any] = {"cognito:groups": ["group-0"]}


def forged() -> dict[str, str]:
    now = int(time.time())
    stranger = ECKey.generate_key("P-256", {"kid": KEY_ID})
    claims = access_claims(**GROUPS)
    public = json.dumps(signing_key().as_dict(private=False)).encode()
    parts = signed(claims).split(".")
    none = "eyJhbGciOiJub25lIiwia2lkIjoia2V5LTEifQ"
    return {
        "of another issuer": signed(access_claims(iss="https://other.test", **GROUPS)),
        "of another client": signed(access_claims(client_id="other", **GROUPS)),
        "expired": signed(access_claims(iat=now - 1000, exp=now - 31, **GROUPS)),
        "of tomorrow": signed(access_claims(iat=now + 3600, exp=now + 4500, **GROUPS)),
        "too long": signed(access_claims(exp=now + 90_000, **GROUPS)),
        "id token of Cognito": signed(access_claims(token_use="id", aud=CLIENT_ID, client_id=None, **GROUPS)),
        "id token": signed(access_claims(token_use=None, aud=CLIENT_ID, client_id=None, nonce="n", **GROUPS)),
        "without subject": signed(access_claims(sub=None, **GROUPS)),
        "of another audience": signed(access_claims(token_use=None, aud="other", **GROUPS)),
        "signed by another key": jwt.encode({"alg": "ES256", "kid": KEY_ID}, claims, stranger),
        "key that is not published": signed(claims, kid="key-2"),
        "key in header": jwt.encode(
            {"alg": "ES256", "kid": "key-2", "jwk": stranger.as_dict(private=False)}, claims, stranger
        ),
        "secret of the public key": jwt.encode(
            {"alg": "HS256", "kid": KEY_ID}, claims, OctKey.import_key(public)
        ),
        "algorithm none": f"{none}.{parts[1]}.",
        "without signature": f"{parts[0]}.{parts[1]}.",
        "huge": signed(access_claims(padding="x" * 20_000, **GROUPS)),
        "no JWT": "a.b.c",
        "many dots": "." * 50,
    }


@on_one_installation("kind", sorted(forged()))
async def test_token_that_is_not_for_us_is_refused(staff: StaffServer, kind: str) -> None:
    good = staff.person("admin")
    assert (await good.get("/staff/v1/me")).status == 200
    reply = await staff.bearer(forged()[kind]).get("/staff/v1/me")
    assert reply.problem() == (401, "token_invalid", "Authorization")
    assert reply.json()["detail"].endswith(" Log in again.")


async def test_token_of_openid_connect_with_audience_is_taken(staff: StaffServer) -> None:
    staff.person("viewer")
    token = signed(
        access_claims(token_use=None, client_id=None, azp=CLIENT_ID, aud=["x", CLIENT_ID], **GROUPS)
    )
    assert (await staff.bearer(token).get("/staff/v1/me")).status == 200
    assert ISSUER in json.dumps(access_claims())


async def test_person_without_a_role_may_nothing(staff: StaffServer) -> None:
    reply = await staff.bearer(signed(access_claims(**(GROUPS | {"cognito:groups": ["strangers"]})))).get(
        "/staff/v1/me"
    )
    assert reply.problem() == (403, "permission_missing", None)
    assert PROBLEMS["permission_missing"].status == 403
    assert "viewer or support or finance or admin" in reply.json()["detail"]


async def test_permission_of_one_mode_counts_in_that_mode_only(staff: StaffServer) -> None:
    finance = staff.person("finance", mode="test")
    assert (await finance.get("/staff/v1/audit_trail?mode=test")).status == 200
    refused = await finance.get("/staff/v1/audit_trail?mode=live")
    assert refused.problem() == (403, "permission_missing", None)
    assert "in live mode" in refused.json()["detail"]
    without = await finance.get("/staff/v1/audit_trail")
    assert without.problem() == (400, "parameter_invalid", "mode")


async def test_openapi_document_is_open_and_names_permissions(staff: StaffServer) -> None:
    reply = await staff.bearer("").request("GET", "/staff/openapi.json", headers={"Authorization": ""})
    document: dict[str, Any] = reply.json()
    assert reply.status == 200
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert ("Needs the permission `" in operation["description"]) == path.startswith("/staff/v1/")
