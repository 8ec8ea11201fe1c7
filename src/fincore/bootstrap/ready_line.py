"""What `fincore up` tells a person: what is not ready after a while, and when everything is."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohttp

from fincore.bootstrap.roles import ROLES, configured_roles
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.staff_issuer import staff_address

POLL_SECONDS: Final = 0.25
ANSWER_SECONDS_MAX: Final = 5.0
REMINDER_SECONDS: Final = 15.0
"""How often a line says what is not ready yet."""
_ALL_ADDRESSES: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 -- listens on nothing
_READY_STATUS: Final = 200


async def tell_when_ready(settings: Settings, announce: Callable[[str], None]) -> None:
    """Ask the roles until each is ready, then announce where the API is, and where customers are served. Returns when that is said.

    Where the operating system chooses the ports, they are in the logs only, and nothing is announced.
    """
    if not settings.api_port or not settings.checkout_port or not settings.ops_port:
        return
    api, checkout = (
        f"http://{_host(settings.host)}:{port}" for port in (settings.api_port, settings.checkout_port)
    )
    servers = {"api (its own port)": api, "checkout (its own port)": checkout}
    if settings.staff_port:
        servers["staff (its own port)"] = f"http://{_host(settings.staff_host)}:{settings.staff_port}"
    roles = configured_roles(settings)
    for role in roles:
        servers[role] = f"http://{_host(settings.host)}:{settings.ops_port + ROLES.index(role)}"
    await _until_ready(servers, announce)
    staff = f" {_staff(settings)};" if settings.staff_port else ""
    first, last = settings.ops_port, settings.ops_port + ROLES.index(roles[-1])
    announce(
        f"FinCore is ready: {api}  (documentation: {api}/docs; customers: {checkout};{staff} health and metrics of the roles: ports "
        f"{first} to {last})"
    )


def _staff(settings: Settings) -> str:
    """Where staff find the dashboard, and at the built-in issuer how people come there."""
    added = (
        ""
        if settings.staff_issuer is not None
        else ", where people log in that `fincore staff add` has added"
    )
    return f"staff: {staff_address(settings)}{added}"


async def _until_ready(servers: Mapping[str, str], announce: Callable[[str], None]) -> None:
    waiting, told_at = dict(servers), time.monotonic()
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while True:
            doubts = {name: await _doubt(session, url) for name, url in waiting.items()}
            waiting = {name: url for name, url in waiting.items() if doubts[name] is not None}
            if not waiting:
                return
            if time.monotonic() - told_at >= REMINDER_SECONDS:
                told_at = time.monotonic()
                announce(f"not ready yet: {'; '.join(f'{name}: {doubts[name]}' for name in waiting)}")
            await asyncio.sleep(POLL_SECONDS)


async def _doubt(session: aiohttp.ClientSession, url: str) -> str | None:
    """Why a server is not ready; None if it is."""
    try:
        async with session.get(f"{url}/readyz") as answer:
            if answer.status == _READY_STATUS:
                return None
            return _missing(await answer.json(content_type=None))
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return "does not answer"


def _missing(body: Any) -> str:
    parts = body.get("parts") if isinstance(body, dict) else None
    if not isinstance(parts, dict):
        return "not ready"
    return ", ".join(f"{name} {part}" for name, part in parts.items() if part != "ok") or "not ready"


def _host(listening: str) -> str:
    """Where one reaches what listens on an address of the settings."""
    host = _ALL_ADDRESSES.get(listening, listening)
    return f"[{host}]" if ":" in host else host
