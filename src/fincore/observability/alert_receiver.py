"""Takes alerts from Alertmanager, and gives them on as lines for a console. It listens on loopback only."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from aiohttp import web

LOOPBACK: Final = "127.0.0.1"
PATH: Final = "/alerts"
BODY_BYTES_MAX: Final = 4 * 1024 * 1024


class _Told(msgspec.Struct, frozen=True):
    status: str
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


class _Notice(msgspec.Struct, frozen=True):
    """What Alertmanager sends to a webhook, version 4, as far as it is shown."""

    alerts: tuple[_Told, ...] = ()


class AlertReceiver:
    """Serves the webhook; `show` gets a line for each alert that fires or is over."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._runner: web.AppRunner | None = None

    async def start(self, port: int) -> None:
        """Listen. Raises `OSError` where the port is taken."""
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.router.add_post(PATH, self._receive)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, port).start()

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        try:
            notice = msgspec.json.decode(await request.read(), type=_Notice)
        except msgspec.DecodeError:
            return web.Response(status=400)
        for one in notice.alerts:
            self._show(line_of(one.status, one.labels, one.annotations))
        return web.Response(status=200)


def line_of(status: str, labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    """An alert in one line: `FIRING page RoleAbsent consumer=ledger: ... (docs/runbooks/RoleAbsent.md)`."""
    others = " ".join(
        f"{name}={value}" for name, value in sorted(labels.items()) if name not in {"alertname", "severity"}
    )
    name = f"{labels.get('alertname', '?')} {others}".strip()
    text = (
        f"{status.upper()} {labels.get('severity', '?')} {name}: {annotations.get('summary', '')} "
        f"({annotations.get('runbook', '')})"
    )
    return " ".join(text.split())
