"""The dashboard under attack: forged tokens, people of another role or of another merchant, and cells of a spreadsheet that count."""

import csv
import hmac
import io
import json
import time
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
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
SECRET_EMAIL: Final = "victim@example.com"


class Shops(NamedTuple):
    """A charge of a shop of its own, and one of another shop."""

    own: Shop
    own_charge: str
    other_charge: str


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    require_chromium()
    with dashboard_system(("api", "worker", "projectionist")) as started:
        yield started


@pytest.fixture(scope="module")
def shops(dashboard: Dashboard) -> Shops:
    """Two shops; people of the group `shop-support` see the first one only."""
    system = dashboard.system
    own, other = Shop(system), Shop(system)
    own_charge = own.charge(description="own", customer_email="own@example.com", metadata={"order": FORMULA})
    other_charge = other.charge(description="other", customer_email=SECRET_EMAIL, metadata={"order": "B-77"})
    groups = f"{GROUPS} {SCOPED}=support:test@{own.merchant.merchant_id}"
    system.restart("staff", {"FINCORE_STAFF_GROUPS": groups})
    system.until_idle(looks_at_consumers=False)
    listed = "select from paymentdb.charges where status = 'succeeded' having count(*) = 2"
    system.until("both charges are listed", lambda: bool(system.rows(listed)))
    return Shops(own, own_charge, other_charge)


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
