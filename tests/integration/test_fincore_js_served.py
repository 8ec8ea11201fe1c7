"""The files of fincore.js as the customers' server serves them: to any site, compressed, cached, and compared with their hashes."""

import asyncio
import base64
import gzip
import hashlib
import json
from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest

from fincore.checkout.address_limit import AT_ONCE_MAX
from fincore.checkout.js.built_files import BUILT_FILES
from fincore.postgres.pool import Pool
from fixtures.cases import on_one_installation
from fixtures.checkout_server import Checkout, serving_checkout
from fixtures.merchant_api import Reply, serving_api
from integration.test_client_configuration import BEHIND_A_PROXY

NEWEST = json.loads(BUILT_FILES["v1", "manifest.json"].content)["version"]
EVERGREEN = "/js/v1/fincore.js"


@pytest.fixture
async def checkout(pool: Pool) -> AsyncIterator[Checkout]:
    async with serving_api(pool) as api, serving_checkout(api, options=BEHIND_A_PROXY) as checkout:
        yield checkout


async def plain(checkout: Checkout, path: str, headers: Mapping[str, str] | None = None) -> Reply:
    return await checkout.visit(path, {"Accept-Encoding": "identity", **(headers or {})})


async def test_each_file_of_the_manifest_has_its_hash(checkout: Checkout) -> None:
    manifest = json.loads((await plain(checkout, f"/js/{NEWEST}/manifest.json")).body)
    assert {"fincore.js", "fincore.mjs", "fincore.d.ts"} <= manifest["files"].keys()
    for name, described in manifest["files"].items():
        content = (await plain(checkout, f"/js/{NEWEST}/{name}")).body
        digest = base64.b64encode(hashlib.sha384(content).digest()).decode()
        assert (described["integrity"], described["bytes"]) == (f"sha384-{digest}", len(content))


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("fincore.js", "text/javascript; charset=utf-8"),
        ("fincore.mjs", "text/javascript; charset=utf-8"),
        ("fincore.d.ts", "text/plain; charset=utf-8"),
        ("manifest.json", "application/json"),
    ],
)
@on_one_installation(
    ("version", "cache"), [("v1", "public, max-age=300"), (NEWEST, "public, max-age=31536000, immutable")]
)
async def test_any_site_may_load_and_keep_a_file(
    checkout: Checkout, version: str, cache: str, name: str, media_type: str
) -> None:
    reply = await plain(checkout, f"/js/{version}/{name}", {"Origin": "https://any.example"})
    assert (reply.status, reply.headers["Content-Type"]) == (200, media_type)
    assert reply.headers["Cache-Control"] == cache
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Vary"] == "accept-encoding"


async def test_script_is_sent_with_gzip_where_it_is_taken(checkout: Checkout) -> None:
    whole = await plain(checkout, EVERGREEN)
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        for accepted, is_gzipped in (("gzip, br", True), ("br;q=1, GZIP;q=0.5", True), ("gzip;q=0", False)):
            headers = {"Accept-Encoding": accepted}
            async with session.get(checkout.url + EVERGREEN, headers=headers) as answer:
                body = await answer.read()
                assert (answer.headers.get("Content-Encoding") == "gzip") is is_gzipped
                assert (answer.headers["ETag"] == whole.headers["ETag"]) is not is_gzipped
            assert (gzip.decompress(body) if is_gzipped else body) == whole.body


async def test_known_script_is_not_sent_again(checkout: Checkout) -> None:
    etag = (await plain(checkout, EVERGREEN)).headers["ETag"]
    for known in (etag, f'"other", W/{etag}'):
        reply = await plain(checkout, EVERGREEN, {"If-None-Match": known})
        assert (reply.status, reply.body, reply.headers["ETag"]) == (304, b"", etag)
        assert "Content-Length" not in reply.headers
    assert (await plain(checkout, EVERGREEN, {"If-None-Match": '"other"'})).status == 200


@pytest.mark.parametrize(
    "path", ["/js/9.9.9/fincore.js", "/js/v2/fincore.js", "/js/v1/other.js", "/js/v1/..%2Fhandlers.py"]
)
async def test_script_that_is_not_there_is_a_problem(checkout: Checkout, path: str) -> None:
    reply = await checkout.visit(path)
    assert reply.problem()[:2] == (404, "route_not_found")
    assert reply.headers["Cache-Control"] == "no-store"


async def test_scripts_of_one_address_are_bounded_by_themselves(checkout: Checkout) -> None:
    headers = {"X-Forwarded-For": "192.0.2.9"}
    asked = [checkout.visit(EVERGREEN, headers) for _ in range(3 * AT_ONCE_MAX)]
    statuses = [reply.status for reply in await asyncio.gather(*asked)]
    assert statuses.count(200) >= AT_ONCE_MAX
    assert 429 in statuses
    assert (await checkout.visit("/return/ch_1/word", headers)).status == 404
