"""The operators' port of each role: `/healthz`, `/readyz`, and `/metrics` for Prometheus. It never serves merchants.

Where a test installation allows it, `POST /failpoints/{name}` makes the process die at the next time it comes there.
"""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder

from fincore.observability import failpoints
from fincore.observability.tracing.tracer import is_tracing
from fincore.postgres.pool import StoreState

Probe = Callable[[], Awaitable[StoreState]]
"""Answers within a bound of its own what state something is in that this role needs."""
Doubt = Callable[[], str | None]
"""Why something this role relies on is not to be relied on now; None where it is."""


class OpsServer:
    """Serves health and metrics of one process on its own port."""

    def __init__(
        self,
        *,
        role: str,
        host: str,
        port: int,
        probes: Mapping[str, Probe],
        doubts: Mapping[str, Doubt],
        failpoints_allowed: bool = False,
    ) -> None:
        self._role = role
        self._host = host
        self._port = port
        self._probes = probes
        self._doubts = doubts
        self._failpoints_allowed = failpoints_allowed
        self._runner: web.AppRunner | None = None

    async def start(self) -> int:
        """Listen; return the port, which differs from the one asked for when that was 0."""
        app = web.Application(client_max_size=1024)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        if self._failpoints_allowed:
            app.router.add_post("/failpoints/{name}", self._arm)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        port: int = self._runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"role": self._role, "status": "ok"})

    async def _readyz(self, _: web.Request) -> web.Response:
        parts: dict[str, str] = {name: await probe() for name, probe in self._probes.items()}
        parts |= {name: doubt() or "ok" for name, doubt in self._doubts.items()}
        is_ready = all(part == "ok" for part in parts.values())
        status = "ok" if is_ready else "unavailable"
        return web.json_response(
            {"role": self._role, "status": status, "parts": parts}, status=200 if is_ready else 503
        )

    async def _metrics(self, request: web.Request) -> web.Response:
        # OpenMetrics, which has exemplars, where the scraper asks for it and there may be some.
        accepted = request.headers.get("Accept", "") if is_tracing() else ""
        rendered, content_type = choose_encoder(accepted)
        return web.Response(body=rendered(REGISTRY), headers={"Content-Type": content_type})

    async def _arm(self, request: web.Request) -> web.Response:
        try:
            failpoints.arm(request.match_info["name"], hits=int(request.query.get("hits", "1")))
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=404)
        return web.json_response({"armed": request.match_info["name"]})
