"""What each scenario of the walk works with: requests that are repeated until answered, a PSP to act at, and an ending."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple
from uuid import uuid4

import aiohttp

from fixtures.shop import Charge, Reply, Shop
from fixtures.system import System

AMOUNT_MINOR: Final = 1_000
PART_MINOR: Final = 400
ANSWER_TIMEOUT_SECONDS: Final = 90.0
"""How long a back end repeats one request: several processes die meanwhile."""
POLL_SECONDS: Final = 0.05
APIS: Final = (1, 2)
"""The first is killed; a client that gets no answer from it asks the second."""


class Asked(NamedTuple):
    """A request that was answered in the end, and its answer."""

    path: str
    body: Mapping[str, object] | None
    key: str
    reply: Reply


class SessionEnding(NamedTuple):
    """How a checkout session must end. `charge_id` is the charge that paid it."""

    session_id: str
    status: str
    charge_id: str | None = None


class Ending(NamedTuple):
    """How the charge of a scenario must end. `attempts`: how each stands, where the charge went to several accounts.

    `fraud_warnings`: of each, whether a refund can still prevent a dispute.

    `session`: the checkout session it belongs to, where it belongs to one; `others`: that session's other charges.
    """

    charge_id: str
    status: str
    captured_minor: int = 0
    refunded_minor: int = 0
    disputes: tuple[str, ...] = ()
    attempts: tuple[str, ...] = ()
    fraud_warnings: tuple[bool, ...] = ()
    session: SessionEnding | None = None
    others: tuple["Ending", ...] = ()


class Scene:
    """What a scenario works with. `place` is `before` or `after`."""

    def __init__(self, system: System, shop: Shop, merchant_id: str, doomed: Mapping[str, str]) -> None:
        self.system = system
        self.merchant_id = merchant_id
        self.asked: list[Asked] = []
        self.armed = asyncio.Event()
        self._shop = shop
        self._doomed = doomed

    @property
    def place(self) -> str:
        """Whether the process is killed before or after the step."""
        return next(iter(self._doomed.values())).rpartition(".")[2]

    async def arm(self) -> None:
        """From here on the processes of this step die where they are to die."""
        for role, failpoint in self._doomed.items():
            if role not in self.system.programs:
                continue
            if role == "api":
                # It is armed before it listens. A client that it refuses asks the second, and the first would live on.
                await asyncio.to_thread(self.system.until_ready, role)
            await asyncio.to_thread(self.system.arm, role, failpoint)
        self.armed.set()

    async def ask(self, path: str, body: Mapping[str, object] | None = None, *, wait_seconds: int = 0) -> Any:
        """Ask for something to be done, under one key again and again, until there is an answer."""
        key = str(uuid4())
        async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
            while True:
                for api in APIS:
                    reply = await self._sent(path, body, api, key, wait_seconds)
                    if reply is not None and not is_to_be_repeated(reply):
                        is_blocked = reply.status == 402
                        assert reply.status < 300 or is_blocked, reply
                        self.asked.append(Asked(path, body, key, reply))
                        return reply.json["charge"] if is_blocked else reply.json
                await asyncio.sleep(POLL_SECONDS)

    async def charge(self, payment_method: str = "pm_card_visa", **fields: object) -> Charge:
        """A charge that was accepted."""
        return await self.charge_by({"payment_method": payment_method}, **fields)

    async def charge_by(self, how: Mapping[str, object], **fields: object) -> Charge:
        """A charge that was accepted; `how` the customer pays, as the request says it."""
        body = {"amount_minor": AMOUNT_MINOR, "currency": "usd"} | dict(how) | fields
        accepted: Charge = await self.ask("/v1/charges", body)
        return accepted

    async def keep_card(self, number: str) -> str:
        """The id of a card that the card edge keeps from now on."""
        reply = await self._shop.keep_card(number)
        assert reply.status == 201, reply
        return str(reply.json["id"])

    async def charged(self, status: str, payment_method: str = "pm_card_visa", **fields: object) -> Charge:
        """A charge once it has come to a status."""
        return await self.until_status(await self.charge(payment_method, **fields), status)

    async def until_status(self, charge: Charge, status: str) -> Charge:
        """The charge once it has come to a status."""
        return await self.until(charge, lambda now: now["status"] == status)

    async def until(self, charge: Charge, is_so: Callable[[Charge], bool]) -> Charge:
        """The charge once something is so of it."""
        async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
            while not is_so(found := await self.now(charge)):
                await asyncio.sleep(POLL_SECONDS)
        return found

    async def now(self, charge: Charge) -> Charge:
        """The charge as it is now."""
        reply = await self._shop.request("GET", f"/v1/charges/{charge['id']}", api=2)
        assert reply.status == 200, reply
        found: Charge = reply.json
        return found

    def at_psp(self, path: str, body: object = None) -> dict[str, Any]:
        """Let something happen at the PSP."""
        return self.system.sandbox.call("POST", f"/sandbox/{path}", body)

    def lose_answer(self, charge: Charge, operation: str, *webhooks: str) -> None:
        """The PSP carries out the next such operation on a charge and loses its answer, and webhooks of these types."""
        about = {"fincore_charge_id": charge["id"]}
        self.system.sandbox.add_fault(
            "timeout_after_apply", seconds=0.1, match={"operation": operation, "metadata": about}
        )
        self.lose_webhooks(charge, *webhooks)

    def lose_webhooks(self, charge: Charge, *types: str) -> None:
        """The PSP does not send the next webhook of each of these types about a charge."""
        for event_type in types:
            match = {"event_type": event_type, "metadata": {"fincore_charge_id": charge["id"]}}
            self.system.sandbox.add_fault("webhook_drop", match=match)

    async def _sent(
        self, path: str, body: Mapping[str, object] | None, api: int, key: str, wait_seconds: int
    ) -> Reply | None:
        try:
            return await self._shop.operate(path, body, api=api, key=key, wait_seconds=wait_seconds)
        except (aiohttp.ClientError, OSError):
            return None


Story = Callable[[Scene], Awaitable[Ending]]


def is_to_be_repeated(reply: Reply) -> bool:
    """Whether an answer asks for the same request again."""
    return reply.status >= 500 or (reply.status == 409 and reply.json["code"] == "idempotency_key_in_use")
