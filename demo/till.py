"""The merchant's side: takes payments through FinCore's API and does what follows, as a shop's back end would."""

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final, Literal, assert_never

import aiohttp

from demo import customer
from demo.payments import PAYPAL, Cancel, Capture, Evidence, Payment, Refund, Step
from demo.processes import DemoFailed, Processes
from demo.sale import Charge, Sale

PAYMENTS_TIMEOUT_SECONDS: Final = 90.0
PAUSE_BETWEEN_PAYMENTS_SECONDS: Final = 0.15
REFRESH_SECONDS: Final = 0.1
LOOK_SECONDS: Final = 0.15
"""How often the shop asks how a charge is."""
PAGE_ENTRIES: Final = 100


class Till:
    """One merchant's connection to FinCore."""

    def __init__(self, processes: Processes, api_key: str) -> None:
        self._processes = processes
        self._headers = {"Authorization": f"Bearer {api_key}"}

    async def register(self, url: str) -> str:
        """Have every event sent to `url`; the secret that verifies them."""
        async with self._session() as session:
            endpoint = await self._post(session, "/v1/webhook_endpoints", {"url": url})
            return str(endpoint["secret"])

    async def sell(self, sales: Sequence[Sale], show: Callable[[], None]) -> None:
        """Begin every payment, a moment apart, and follow each until nothing is left to come of it."""
        turn = asyncio.Lock()
        async with self._session() as session:
            lives = [
                self._live(session, sale, turn, after_seconds=number * PAUSE_BETWEEN_PAYMENTS_SECONDS)
                for number, sale in enumerate(sales)
            ]
            await self._all(lives, sales, show)

    async def follow(self, sales: Sequence[Sale], show: Callable[[], None]) -> None:
        """Follow payments that were begun until nothing is left to come of them."""
        async with self._session() as session:
            await self._all([self._until_over(session, sale) for sale in sales], sales, show)

    async def look(self, sales: Sequence[Sale]) -> None:
        """Look at every charge once more: one that was over may have moved since."""
        async with self._session() as session:
            await asyncio.gather(*(self._look(session, sale) for sale in sales))

    async def event_ids(self) -> frozenset[str]:
        """Every event of this merchant, as FinCore lists them."""
        found: set[str] = set()
        query = {"limit": str(PAGE_ENTRIES)}
        async with self._session() as session:
            while True:
                url = f"{self._processes.api_url()}/v1/events"
                async with session.get(url, params=query) as answer:
                    answer.raise_for_status()
                    page = await answer.json()
                found |= {entry["id"] for entry in page["data"]}
                if not page["has_more"]:
                    return frozenset(found)
                query["cursor"] = page["next_cursor"]

    async def _all(
        self, lives: Sequence[Coroutine[Any, Any, None]], sales: Sequence[Sale], show: Callable[[], None]
    ) -> None:
        until = time.monotonic() + PAYMENTS_TIMEOUT_SECONDS
        tasks = [asyncio.create_task(life) for life in lives]
        try:
            while not all(task.done() for task in tasks):
                done, _ = await asyncio.wait(tasks, timeout=REFRESH_SECONDS)
                for task in done:
                    task.result()
                self._processes.require_alive("up")
                if time.monotonic() > until:
                    raise DemoFailed(self._unfinished(sales))
                show()
                await asyncio.sleep(REFRESH_SECONDS)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # One payment

    async def _live(
        self, session: aiohttp.ClientSession, sale: Sale, turn: asyncio.Lock, *, after_seconds: float
    ) -> None:
        await asyncio.sleep(after_seconds)
        async with turn:  # in order, so that it is known which of many payments a counter of risk stops
            charge = await self._send(session, sale)
        payment = sale.payment
        if payment.customer or payment.steps:
            charge = await self._until(session, sale, lambda charge: charge["status"] != "processing")
        for times, act in enumerate(payment.customer, start=1):
            charge = await self._until(session, sale, partial(_asks_again, times=times))
            await customer.act_on_page(session, charge["next_action"]["redirect_url"], act)
        if payment.steps and payment.expected != "canceled":
            await self._until(session, sale, lambda charge: charge["status"] in ("authorized", "succeeded"))
        for step in payment.steps:
            await self._take(session, sale, step)
        await self._until_over(session, sale)

    async def _until_over(self, session: aiohttp.ClientSession, sale: Sale) -> None:
        await self._until(session, sale, lambda _: sale.is_over)

    async def _send(self, session: aiohttp.ClientSession, sale: Sale) -> Charge:
        payment = sale.payment
        body = {
            "amount_minor": payment.amount_minor,
            "currency": payment.currency,
            **_methods(payment),
            "capture": payment.capture,
            "description": payment.title,
            "metadata": {"order": payment.title.replace(" ", "-")},
        }
        if payment.known:
            body["customer"] = dict(payment.known)
        if payment.customer:
            body["return_url"] = customer.RETURN_URL
        if payment.payment_method == PAYPAL:
            body["cancel_url"] = customer.CANCEL_URL
        await self._order(session, sale, kinds="calls")
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        for _ in range(payment.sends):
            url = f"{self._processes.api_url()}/v1/charges"
            async with session.post(url, json=body, headers=headers) as answer:
                charge = await _accepted(answer)
                sale.replays += answer.headers.get("Idempotent-Replayed") == "true"
            if sale.charge is None:
                sale.charge = charge | {"refunds": [], "disputes": []}
                await self._order(session, sale, kinds="webhooks")
        return charge

    async def _take(self, session: aiohttp.ClientSession, sale: Sale, step: Step) -> None:
        charge = sale.charge
        if charge is None:
            raise DemoFailed(f"{sale.payment.title} was never sent")
        path = f"/v1/charges/{charge['id']}"
        match step:
            case Capture():
                await self._post(session, f"{path}/capture", {"amount_minor": step.amount_minor})
            case Cancel():
                await self._post(session, f"{path}/cancel", {"reason": "requested_by_customer"})
            case Refund():
                for fault in step.faults:
                    await self._order_fault(session, fault, {"metadata": {"fincore_charge_id": charge["id"]}})
                refund = {"charge": charge["id"], "amount_minor": step.amount_minor}
                made = await self._post(session, "/v1/refunds", refund)
                await self._until(session, sale, lambda charge: _is_known(charge, made["id"]))
            case Evidence():
                disputed = await self._until(session, sale, lambda charge: bool(charge["disputes"]))
                await self._answer(session, disputed["disputes"][0]["psp_reference"], step.text)
            case _:
                assert_never(step)

    async def _until(
        self, session: aiohttp.ClientSession, sale: Sale, is_so: Callable[[Charge], bool]
    ) -> Charge:
        """The charge, once it is so; `sell` bounds the time."""
        while True:
            charge = await self._look(session, sale)
            if is_so(charge):
                return charge
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, session: aiohttp.ClientSession, sale: Sale) -> Charge:
        charge_id = sale.charge["id"] if sale.charge else ""
        async with session.get(f"{self._processes.api_url()}/v1/charges/{charge_id}") as answer:
            answer.raise_for_status()
            charge: Charge = await answer.json()
        sale.charge = charge
        return charge

    async def _post(self, session: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        async with session.post(self._processes.api_url() + path, json=body, headers=headers) as answer:
            return await _accepted(answer)

    # At the PSP

    async def _answer(self, session: aiohttp.ClientSession, dispute: str, evidence: str) -> None:
        """Send evidence, as the shop's staff does in the PSP's dashboard."""
        async with session.post(
            f"{self._processes.sandbox.url}/v1/disputes/{dispute}",
            data={"evidence[uncategorized_text]": evidence},
            headers={"Authorization": f"Bearer {self._processes.stripe_key}"},
        ) as answer:
            if not answer.ok:
                raise DemoFailed(f"the sandbox does not take the evidence: {await answer.text()}")

    async def _order(
        self, session: aiohttp.ClientSession, sale: Sale, *, kinds: Literal["calls", "webhooks"]
    ) -> None:
        """Ask the sandbox for what is to go wrong with a payment: with its calls before, with its webhooks after."""
        for fault in sale.payment.faults:
            of_webhook = fault["kind"].startswith("webhook_")
            if of_webhook != (kinds == "webhooks"):
                continue
            match: dict[str, Any] = {"payment_method": sale.payment.payment_method}
            if of_webhook and sale.charge:
                match = {"metadata": {"fincore_charge_id": sale.charge["id"]}}
            await self._order_fault(session, fault, match)

    async def _order_fault(
        self, session: aiohttp.ClientSession, fault: dict[str, Any], match: dict[str, Any]
    ) -> None:
        order = fault | {"match": fault.get("match", {}) | match}
        async with session.post(f"{self._processes.sandbox.url}/sandbox/faults", json=order) as answer:
            if not answer.ok:
                raise DemoFailed(f"the sandbox does not take {order}: {await answer.text()}")

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(headers=self._headers)

    def _unfinished(self, sales: Sequence[Sale]) -> str:
        left = "; ".join(sale.surprise or "" for sale in sales if not sale.is_over)
        return (
            f"after {PAYMENTS_TIMEOUT_SECONDS:g} s: {left}; see the logs in {self._processes.folder / 'logs'}"
        )


async def _accepted(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    body: dict[str, Any] = await answer.json()
    if not answer.ok and "charge" in body:  # it was made, and has failed
        failed: dict[str, Any] = body["charge"]
        return failed
    if not answer.ok:
        raise DemoFailed(f"FinCore answered {answer.status}: {body.get('detail') or body.get('title')}")
    return body


def _methods(payment: Payment) -> dict[str, object]:
    """How the customer pays, as the request for a charge says it."""
    if payment.payment_method == PAYPAL:
        return {"payment_method": {"type": PAYPAL}}
    if not payment.accounts:
        return {"payment_method": payment.payment_method}
    card = {"type": "card", "token": payment.payment_method}
    return {"payment_methods": [card | {"account": account} for account in payment.accounts]}


def _asks_again(charge: Charge, *, times: int) -> bool:
    """Whether the customer is asked to act now, for at least the `times`-th time."""
    asked = sum(entry["type"] == "charge.action_required" for entry in charge["timeline"])
    return bool(charge["status"] == "requires_action" and asked >= times)


def _is_known(charge: Charge, refund_id: str) -> bool:
    """Whether the PSP has said anything of a refund."""
    return any(refund["id"] == refund_id and refund["status"] != "processing" for refund in charge["refunds"])
