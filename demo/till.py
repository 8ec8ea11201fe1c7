"""The merchant's side: sends payments to FinCore's API and asks how they are, as a shop's back end would."""

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import aiohttp

from demo.payments import Payment
from demo.processes import START_TIMEOUT_SECONDS, DemoFailed, Processes, deadline

SETTLED: Final = frozenset({"succeeded", "authorized", "failed", "requires_action", "canceled"})
PAYMENTS_TIMEOUT_SECONDS: Final = 90.0
PAUSE_BETWEEN_PAYMENTS_SECONDS: Final = 0.15
REFRESH_SECONDS: Final = 0.1


@dataclass
class Sale:
    """A payment and what FinCore says of it. `replays` counts the answers that were repeated, not made anew."""

    payment: Payment
    charge: dict[str, Any] | None = None
    replays: int = 0


class Till:
    """One merchant's connection to FinCore."""

    def __init__(self, processes: Processes, api_key: str) -> None:
        self._processes = processes
        self._headers = {"Authorization": f"Bearer {api_key}"}

    async def sell(self, sales: Sequence[Sale], show: Callable[[], None]) -> None:
        """Send every payment, a moment apart, and follow them all until their outcome is known."""
        until = deadline(PAYMENTS_TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(headers=self._headers) as session:
            sending = asyncio.create_task(self._send_all(session, sales))
            while not (sending.done() and all(_is_settled(sale) for sale in sales)):
                self._processes.check_alive()
                if time.monotonic() > until:
                    raise DemoFailed(
                        f"some payments have no outcome yet; see the logs in {self._processes.folder}"
                    )
                await asyncio.gather(
                    *(self._refresh(session, sale) for sale in sales if not _is_settled(sale))
                )
                show()
                await asyncio.sleep(REFRESH_SECONDS)
            await sending

    async def _send_all(self, session: aiohttp.ClientSession, sales: Sequence[Sale]) -> None:
        for number, sale in enumerate(sales, start=1):
            await self._send(session, sale, reference=f"demo-{number}")
            await asyncio.sleep(PAUSE_BETWEEN_PAYMENTS_SECONDS)

    async def _send(self, session: aiohttp.ClientSession, sale: Sale, *, reference: str) -> None:
        payment = sale.payment
        body = {
            "amount_minor": payment.amount_minor,
            "currency": payment.currency,
            "payment_method": payment.payment_method,
            "capture": payment.capture,
            "description": payment.title,
            "metadata": {"order": reference},
        }
        await self._order(session, sale, kinds="calls")
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        for _ in range(payment.sends):
            url = f"{self._processes.api_url}/v1/charges"
            async with session.post(url, json=body, headers=headers) as answer:
                charge = await answer.json()
                if answer.status != 201:  # noqa: PLR2004 -- Created
                    raise DemoFailed(f"FinCore answered {answer.status}: {charge.get('detail')}")
                sale.replays += answer.headers.get("Idempotent-Replayed") == "true"
                if sale.charge is None:
                    sale.charge = charge
                    await self._order(session, sale, kinds="webhooks")

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
            order = fault | {"match": match}
            async with session.post(f"{self._processes.sandbox_url}/sandbox/faults", json=order) as answer:
                if not answer.ok:
                    raise DemoFailed(f"the sandbox does not take {order}: {await answer.text()}")

    async def _refresh(self, session: aiohttp.ClientSession, sale: Sale) -> None:
        if sale.charge is None:
            return
        async with session.get(f"{self._processes.api_url}/v1/charges/{sale.charge['id']}") as answer:
            answer.raise_for_status()
            sale.charge = await answer.json()


async def wait_until_ready(processes: Processes) -> None:
    """Return when FinCore answers that it is ready; raise `DemoFailed` past the bound."""
    until = deadline(START_TIMEOUT_SECONDS)
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < until:
            processes.check_alive()
            try:
                async with session.get(f"{processes.api_url}/readyz") as answer:
                    if answer.ok:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(REFRESH_SECONDS)
    raise DemoFailed(f"FinCore did not become ready; see {processes.folder / 'fincore.log'}")


def _is_settled(sale: Sale) -> bool:
    return sale.charge is not None and sale.charge["status"] in SETTLED
