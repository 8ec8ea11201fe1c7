"""The dashboard under attack: forged tokens, people of another role or of another merchant, and cells of a spreadsheet that count."""

import csv
import hmac
import io
import json
import re
import time
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from playwright.sync_api import Browser, Page, expect

from fixtures.browser import chromium, require_chromium
from fixtures.dashboard import GROUPS, ByHand, Dashboard, Shop, dashboard_system, visitor

pytestmark = pytest.mark.timeout(600)

FORMULA: Final = '=HYPERLINK("http://attacker.test";"click")'
SCOPED: Final = "shop-support"
SCOPED_BOOKS: Final = "shop-finance"
SCOPED_ADMIN: Final = "shop-admin"
SECRET_EMAIL: Final = "victim@example.com"
LIMITS: Final = {"FINCORE_REFUND_LIMITS_MINOR": "eur:500:100000"}
OTHER_HOST: Final = "other-shop.example"
OF_NO_MERCHANT: Final = {
    "account": "revenue:fees:eur",
    "break_id": "brk_1",
    "day": "2026-11-02",
    "entry": "1",
    "file_id": "sf_1",
    "letter_id": "1",
    "name": "bad_emails",
    "run_id": "run_1",
    "version": "1",
}
"""What stands in paths to what belongs to no merchant: a person of one merchant may not ask, whether or not it is there."""
REQUIRED: Final = {"mode": "test", "with": "1", "format": "json"}
"""Parameters without which a request is not read."""


class Shops(NamedTuple):
    """A shop with a charge, and another one with another."""

    own: Shop
    own_charge: str
    other: Shop
    other_charge: str


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with dashboard_system(("api", "worker", "projectionist", "notify"), LIMITS) as started:
        yield started


@pytest.fixture(scope="module")
def shops(dashboard: Dashboard) -> Shops:
    """Two shops; people of the group `shop-support` see the first one only."""
    system = dashboard.system
    own, other = Shop(system), Shop(system)
    own_charge = own.charge(description="own", customer_email="own@example.com", metadata={"order": FORMULA})
    other_charge = other.charge(description="other", customer_email=SECRET_EMAIL, metadata={"order": "B-77"})
    merchant = own.merchant.merchant_id
    groups = f"{GROUPS} {SCOPED}=support:test@{merchant} {SCOPED_BOOKS}=finance:test@{merchant} {SCOPED_ADMIN}=admin:test@{merchant}"
    system.restart("staff", {"FINCORE_STAFF_GROUPS": groups})
    system.until_idle(looks_at_consumers=False)
    listed = "select from paymentdb.charges where status = 'succeeded' having count(*) = 2"
    system.until("both charges are listed", lambda: bool(system.rows(listed)))
    return Shops(own, own_charge, other, other_charge)


@pytest.fixture(scope="module")
def browser(shops: Shops) -> Iterator[Browser]:
    assert shops
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as context:
        yield context.new_page()


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token without a signature."""
    parts = (urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims))
    return ".".join([*parts, ""])


def shared(claims: dict[str, Any], secret: bytes) -> str:
    """A token signed with a shared secret; made by hand, because libraries refuse a public key as one."""
    signed_part = unsigned({"alg": "HS256", "kid": "issuer-1"}, claims).rstrip(".")
    signature = hmac.digest(secret, signed_part.encode(), "sha256")
    return f"{signed_part}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_forged_tokens_are_refused(dashboard: Dashboard, shops: Shops) -> None:
    """Each differs in one thing from a token that is let in."""
    issuer = dashboard.issuer
    claims = issuer.access_claims("sub-mallory", "admins")
    stranger = ECKey.generate_key("P-256", {"kid": "issuer-1"})
    own_key = {"alg": "ES256", "kid": "issuer-1", "jwk": stranger.as_dict(private=False)}
    forged = {
        "no signature": unsigned({"alg": "none", "kid": "issuer-1"}, claims),
        "another key": jwt.encode({"alg": "ES256", "kid": "issuer-1"}, claims, stranger),
        "a key of its own in the header": jwt.encode(own_key, claims, stranger),
        "the public key as a shared secret": shared(claims, issuer.key.as_pem(private=False)),
        "another client": issuer.signed(claims | {"client_id": "other-client"}),
        "another issuer": issuer.signed(claims | {"iss": "https://attacker.test"}),
        "an id token": issuer.signed(claims | {"token_use": "id"}),
        "expired": issuer.signed(claims | {"iat": int(time.time()) - 7_200, "exp": int(time.time()) - 3_600}),
    }
    path = f"/staff/v1/charges/{shops.other_charge}"
    assert ByHand(dashboard.url, issuer.signed(claims)).get(path)[0] == 200
    answers = {name: ByHand(dashboard.url, token).get(path)[0] for name, token in forged.items()}
    assert answers == dict.fromkeys(forged, 401)


def test_act_without_a_button_is_refused_by_hand_as_well(
    dashboard: Dashboard, shops: Shops, page: Page
) -> None:
    charge_id = shops.own_charge
    dashboard.open(page, f"/test/charges/{charge_id}", "viewers", head="Charge €19.99")
    expect(page.get_by_role("region", name="Details")).to_contain_text("own")
    expect(page.get_by_role("button", name="Refund")).to_have_count(0)
    viewer = dashboard.person("viewers")
    for path, fields in (
        (f"charges/{charge_id}/refunds", {"amount_minor": 1}),
        (f"charges/{charge_id}/capture", {}),
        (f"charges/{charge_id}/cancel", {}),
        (f"charges/{charge_id}/inquiry", {}),
        (f"charges/{charge_id}/notes", {"text": "seen"}),
        (f"merchants/{shops.own.merchant.merchant_id}/raw_cards", {"allowed": True}),
    ):
        status, problem = viewer.act(f"/staff/v1/{path}", reason="mine now", **fields)
        assert (status, problem["code"]) == (403, "permission_missing"), path
    assert shops.own.ask("GET", f"/v1/charges/{charge_id}")["refunds"] == []
    assert dashboard.system.rows("select from staff.acts where reason = 'mine now'") == []


@pytest.mark.long
def test_person_of_one_merchant_finds_nothing_of_another(
    dashboard: Dashboard, shops: Shops, page: Page
) -> None:
    dashboard.open(page, f"/test/charges/{shops.own_charge}", SCOPED, head="Charge €19.99")
    page.goto(f"{dashboard.url}/test/charges/{shops.other_charge}")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    dashboard.open(page, "/test/charges", SCOPED, head="Charges")
    expect(page.get_by_role("cell").get_by_text("own@example.com")).to_be_visible()
    expect(page.locator("#page")).not_to_contain_text(SECRET_EMAIL)
    for text in (shops.other_charge, SECRET_EMAIL, "B-77"):
        page.get_by_role("combobox", name="Search payments").fill(text)
        expect(page.get_by_text("Nothing found")).to_be_visible()
    person = dashboard.person(SCOPED)
    for path in ("", "/timeline", "/psp_calls", "/psp_reports", "/checks", "/notes"):
        assert person.get(f"/staff/v1/charges/{shops.own_charge}{path}")[0] == 200, path
        assert person.get(f"/staff/v1/charges/{shops.other_charge}{path}")[0] == 404, path
    refund = {"reason": "mine now", "amount_minor": 1}
    assert person.act(f"/staff/v1/charges/{shops.other_charge}/refunds", **refund)[0] == 404


def objects_of(dashboard: Dashboard, shop: Shop, charge_id: str) -> dict[str, str]:
    """One object of the shop for each name that a path of the API of staff can hold."""
    endpoint = shop.ask("POST", "/v1/webhook_endpoints", {"url": f"https://{OTHER_HOST}/hooks"})
    shop.ask("POST", "/v1/refunds", {"charge": charge_id, "amount_minor": 100})
    status, proposal = dashboard.person("supporters").act(
        f"/staff/v1/charges/{charge_id}/refunds", reason="a large one", amount_minor=1_000
    )
    assert status == 202, proposal
    dashboard.system.until_idle(looks_at_consumers=False)
    delivery = "select delivery_id from notify.deliveries where endpoint_id = %s limit 1"
    dashboard.system.until("it has a delivery", lambda: bool(dashboard.system.rows(delivery, endpoint["id"])))
    return {
        "charge_id": charge_id,
        "merchant_id": shop.merchant.merchant_id,
        "endpoint_id": str(endpoint["id"]),
        "delivery_id": str(dashboard.system.rows(delivery, endpoint["id"])[0][0]),
        "proposal_id": str(proposal["id"]),
    }


def test_no_read_tells_a_person_of_one_merchant_of_another(dashboard: Dashboard, shops: Shops) -> None:
    """Every GET of the API, with objects of the other shop where it names one, by a person with every role at the first shop."""
    others = objects_of(dashboard, shops.other, shops.other_charge)
    document = dashboard.person("admins").get("/staff/openapi.json")[1]
    needed = {**REQUIRED, "subject": shops.other_charge}
    told, open_to_all, found = [], [], set[str]()
    secrets = (*others.values(), SECRET_EMAIL, OTHER_HOST, "B-77")
    for path, operations in document["paths"].items():
        if "get" not in operations or not path.startswith("/staff/v1/"):
            continue
        names = re.findall(r"\{(\w+)\}", path)
        asked_for = {
            one["name"]: needed[one["name"]]
            for one in operations["get"].get("parameters", ())
            if one.get("required") and one["in"] == "query"
        }
        query = f"?{urlencode(asked_for)}" if asked_for else ""
        asked = path.format(**others, **OF_NO_MERCHANT) + query
        # Other people for each, so that none asks too often.
        person = dashboard.person(SCOPED, SCOPED_BOOKS, SCOPED_ADMIN, subject=f"sub-own-{path}")
        everyone = dashboard.person("admins", "bookkeepers", "supporters", subject=f"sub-all-{path}")
        status, answer = person.get(asked)
        text = json.dumps(answer)
        found |= {one for one in secrets if one in json.dumps(everyone.get(asked)[1])}
        if any(secret in text.replace(asked.partition("?")[0], "") for secret in secrets):
            told.append(asked)
        if names and status not in (403, 404):
            open_to_all.append((asked, status))
    assert told == []
    assert open_to_all == []
    # A person of all merchants is told of each of them, so that the search above means something.
    assert found == set(secrets)


def test_cells_of_an_export_are_no_formulas(dashboard: Dashboard, shops: Shops) -> None:
    request = urllib.request.Request(  # noqa: S310 -- our own system
        f"{dashboard.url}/staff/v1/exports/charges",
        data=json.dumps({"reason": "the month's end", "filter": {"mode": "test"}}).encode(),
        headers={
            "Authorization": f"Bearer {dashboard.person('bookkeepers').token}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid4()),
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- our own system
        text = answer.read().decode()
    assert shops.other_charge in text
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))] == []


def test_no_log_line_has_a_token(dashboard: Dashboard, shops: Shops, page: Page) -> None:
    dashboard.open(page, f"/test/charges/{shops.own_charge}", "viewers", head="Charge €19.99")
    token = dashboard.person("viewers").token
    assert ByHand(dashboard.url, token + "x").get("/staff/v1/me")[0] == 401
    logged = "".join(dashboard.system.logs().values())
    assert logged
    assert "eyJ" not in logged
    assert SECRET_EMAIL not in logged
