"""What a merchant and its customers do, one scenario each, against FinCore and the pages of the PSP sandbox."""

import json
import random
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import gevent

from loadtest.generator.arrivals import Arrival
from loadtest.generator.load_settings import KEY_NAME, LoadSettings
from loadtest.generator.records import Recorder
from loadtest.generator.requests import Answer, CannotGoOn, Requests

SHOP: Final = "https://shop.example"
LATEST_MAX: Final = 1_000
THINKING_SECONDS: Final = 1.5
"""Between two steps of a scenario: a person reads, or a merchant packs."""
LOOKS_MAX: Final = 12
LOOK_WAIT_SECONDS: Final = 5
REDIRECTS_MAX: Final = 6
VISA: Final = "pm_card_visa"
DECLINED: Final = "pm_card_visa_chargeDeclined"
THREE_D_SECURE: Final = "pm_card_threeDSecure2Required"
CARD_TESTER: Final = "203.0.113.77"
EXPORTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "charges": {"filter": {"mode": "test"}},
    "refunds": {"mode": "test"},
    "trial_balance": {"mode": "test", "currency": "usd"},
}
"""What each export asks for, beside its reason."""

_NAVIGATION: Final = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": "text/html"}
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


class Latest:
    """The latest charges that were accepted, to look at."""

    def __init__(self) -> None:
        self.charge_ids: deque[str] = deque(maxlen=LATEST_MAX)


class Till:
    """One arrival: its key, its chance, and what it sends. Methods are named as the scenarios of the mix."""

    def __init__(
        self,
        arrival: Arrival,
        settings: LoadSettings,
        requests: Requests,
        recorder: Recorder,
        latest: Latest,
    ) -> None:
        self._due = arrival.due_seconds
        self._settings = settings
        self._requests = requests
        self._recorder = recorder
        self._latest = latest
        self._rng = random.Random(f"{settings.seed}-{arrival.number}")  # noqa: S311 -- repeatable, no secret
        self._key = settings.key_of(arrival.number)

    def run(self, scenario: str) -> None:
        """Do what a scenario of the mix says."""
        begin: Callable[[], None] = getattr(self, f"_{scenario}")
        begin()

    # Scenarios

    def _card(self) -> None:
        self._charge("charge", {"payment_method": VISA})

    def _card_waiting(self) -> None:
        self._charge("charge and wait", {"payment_method": VISA}, wait=True)

    def _card_declined(self) -> None:
        self._charge("charge", {"payment_method": DECLINED})

    def _card_testing(self) -> None:
        customer = {"ip": CARD_TESTER, "email": f"tester-{self._rng.randrange(10**6)}@example.com"}
        self._charge(
            "charge",
            {"payment_method": DECLINED, "customer": customer, "amount_minor": self._rng.randint(100, 199)},
        )

    def _three_d_secure(self) -> None:
        charge = self._charge("charge", {"payment_method": THREE_D_SECURE, "return_url": f"{SHOP}/thanks"})
        page = self._page_of(charge)
        self._press(page, b"action=complete")

    def _hold_capture(self) -> None:
        charge = self._charge("charge", {"payment_method": VISA, "capture": False})
        if self._until(charge, "authorized"):
            part = max(1, charge["amount_minor"] * 3 // 4)
            self._act("capture", f"/v1/charges/{charge['id']}/capture", {"amount_minor": part})

    def _hold_cancel(self) -> None:
        charge = self._charge("charge", {"payment_method": VISA, "capture": False})
        if self._until(charge, "authorized"):
            self._act("cancel", f"/v1/charges/{charge['id']}/cancel", {})

    def _refund(self) -> None:
        charge = self._charge("charge", {"payment_method": VISA})
        if self._until(charge, "succeeded"):
            half = max(1, charge["amount_minor"] // 2)
            answer = self._act("refund", "/v1/refunds", {"charge": charge["id"], "amount_minor": half})
            if answer.is_good:
                self._recorder.add("refund", charge["id"], answer.json()["id"], half)

    def _paypal(self) -> None:
        urls = {"return_url": f"{SHOP}/thanks", "cancel_url": f"{SHOP}/cart"}
        charge = self._charge("charge", {"payment_method": {"type": "paypal"}, "currency": "usd", **urls})
        page = self._page_of(charge)
        self._press(
            page, f"action=approve&email=c{self._rng.randrange(10**6)}@example.com&funding=completes".encode()
        )

    def _checkout_session(self) -> None:
        amount = self._amount()
        self._recorder.add("offered", self._key)
        answer = self._act(
            "checkout session",
            "/v1/checkout_sessions",
            {
                "amount_minor": amount,
                "currency": "usd",
                "payment_methods": ["card"],
                "line_items": [{"name": "Tea", "quantity": 1, "amount_minor": amount}],
                "success_url": f"{SHOP}/thanks",
                "cancel_url": f"{SHOP}/cart",
                "metadata": {KEY_NAME: self._key},
            },
        )
        if not answer.is_good:
            raise CannotGoOn(f"checkout session was answered {answer.status}")
        self._recorder.add("session", self._key)
        page = answer.json()["url"]
        for _ in range(LOOKS_MAX):
            self._think()
            shown = self._get("customer's page", page, _NAVIGATION)
            location = shown.headers.get("location", "")
            if location and self._is_sandbox(location):
                self._press(location, f"action=pay&card={VISA}".encode())
                return
        raise CannotGoOn("the page of the session never led to the PSP")

    def _raw_card(self) -> None:
        card = {
            "number": "4242424242424242",
            "expiry_month": 12,
            "expiry_year": 2034,
            "cvc": "123",
            "holder": "Ada Byron",
        }
        self._charge(
            "charge at the card edge",
            {"payment_method": {"type": "card", "card": card}},
            url=self._settings.card_edge_url or "",
        )

    def _query(self) -> None:
        latest = self._latest.charge_ids
        if latest:
            self._get_api("look at a charge", f"/v1/charges/{self._rng.choice(latest)}")
        else:
            self._list_charges()

    def _list_charges(self) -> None:
        self._get_api("list charges", "/v1/charges?limit=25")

    def _list_events(self) -> None:
        self._get_api("list events", "/v1/events?limit=25")

    def _export(self) -> None:
        which = self._rng.choice(tuple(EXPORTS))
        try:
            token = Path(self._settings.staff_token_file or "").read_text(encoding="ascii").strip()
        except OSError as error:
            raise CannotGoOn("there is no token of staff on this machine") from error
        self._requests.send(
            f"export {which.replace('_', ' ')}",
            "POST",
            f"{self._settings.staff_url}/staff/v1/exports/{which}",
            due=self._due,
            headers={**self._headers(f"Bearer {token}"), "Idempotency-Key": f"{self._key}-export"},
            body=json.dumps({"reason": "end of the month", **EXPORTS[which]}).encode(),
        )

    # Steps

    def _charge(
        self, step: str, fields: Mapping[str, Any], *, url: str | None = None, wait: bool = False
    ) -> dict[str, Any]:
        """Offer a charge; the charge as answered. Raises `CannotGoOn`: it was not accepted."""
        body = {
            "amount_minor": self._amount(),
            "currency": self._rng.choice(("usd", "usd", "eur")),
            "metadata": {KEY_NAME: self._key},
            **fields,
        }
        # Before it is sent: a charge that FinCore has and nothing offered must be told from one that lost its answer.
        self._recorder.add("offered", self._key)
        answer = self._post(step, (url or self._settings.api_url) + "/v1/charges", body, self._key, wait=wait)
        told = answer.json()
        charge: dict[str, Any] = told.get("charge", told)
        if not answer.is_good or "id" not in charge:
            raise CannotGoOn(f"{step} was answered {answer.status}")
        self._recorder.add("charge", self._key, charge["id"], body["amount_minor"])
        self._latest.charge_ids.append(charge["id"])
        return charge

    def _act(self, step: str, path: str, body: Mapping[str, Any]) -> Answer:
        return self._post(step, self._settings.api_url + path, body, f"{self._key}-{step.replace(' ', '-')}")

    def _post(self, step: str, url: str, body: Mapping[str, Any], key: str, *, wait: bool = False) -> Answer:
        headers = {**self._headers(f"Bearer {self._settings.api_key}"), "Idempotency-Key": key}
        if wait:
            headers["Prefer"] = "wait=10"
        return self._requests.send(
            step, "POST", url, due=self._due, headers=headers, body=json.dumps(body).encode()
        )

    def _until(self, charge: Mapping[str, Any], status: str) -> bool:
        """Wait until a charge is so; False where it ended otherwise, or is not so after LOOKS_MAX looks."""
        for _ in range(LOOKS_MAX):
            self._think()
            found = self._get_api(
                "wait for an outcome", f"/v1/charges/{charge['id']}", {"Prefer": f"wait={LOOK_WAIT_SECONDS}"}
            ).json()
            if found.get("status") not in (None, "processing"):
                self._think()
                return bool(found["status"] == status)
        return False

    def _page_of(self, charge: Mapping[str, Any]) -> str:
        """The page on which the customer acts. Raises `CannotGoOn`: the charge asks for nothing."""
        for _ in range(LOOKS_MAX):
            self._think()
            found = self._get_api("look at a charge", f"/v1/charges/{charge['id']}").json()
            if found.get("status") == "requires_action":
                return str(found["next_action"]["redirect_url"])
            if found.get("status") == "failed":
                raise CannotGoOn("the charge failed before its customer could act")
        raise CannotGoOn("the charge never asked its customer to act")

    def _press(self, page: str, form: bytes) -> None:
        """Press a button of a page of the sandbox, and follow the customer back to FinCore."""
        if not self._is_sandbox(page):
            raise CannotGoOn(f"{page} is no page of the PSP sandbox, and the load acts on no other")
        self._think()
        answer = self._requests.send("PSP's page", "POST", page, due=self._due, headers=_FORM, body=form)
        for _ in range(REDIRECTS_MAX):
            location = urljoin(page, answer.headers.get("location", ""))
            if not answer.headers.get("location") or location.startswith(SHOP):
                return
            page, self._due = location, self._requests.now()
            step = "PSP's page" if self._is_sandbox(page) else "customer's return"
            answer = self._get(step, page, _NAVIGATION)

    def _get_api(self, step: str, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        bearer = self._headers(f"Bearer {self._settings.api_key}")
        return self._get(step, self._settings.api_url + path, {**bearer, **(headers or {})})

    def _get(self, step: str, url: str, headers: Mapping[str, str]) -> Answer:
        return self._requests.send(step, "GET", url, due=self._due, headers=headers)

    def _think(self) -> None:
        """A pause; what follows is due at its end."""
        self._due = self._requests.now() + THINKING_SECONDS
        gevent.sleep(THINKING_SECONDS)

    def _is_sandbox(self, url: str) -> bool:
        beginning = self._settings.sandbox_url
        return bool(beginning) and url.startswith(f"{beginning}/")

    def _headers(self, authorization: str) -> dict[str, str]:
        return {"Authorization": authorization, "Content-Type": "application/json"}

    def _amount(self) -> int:
        return self._rng.randint(100, 50_000)
