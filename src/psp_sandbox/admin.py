"""The sandbox's own API under /sandbox/: faults, state, latency, time. No PSP has it; tests and demos do."""

from collections.abc import Callable
from itertools import islice
from random import Random
from typing import Annotated, Protocol
from urllib.parse import parse_qs

import msgspec

from psp_sandbox.calls import Calls
from psp_sandbox.clock import Clock
from psp_sandbox.delivery import Delivery
from psp_sandbox.faults import BadFault, Fault, FaultRules
from psp_sandbox.ids import new_secret
from psp_sandbox.latency import ImpossibleLatency, log_normal
from psp_sandbox.messages import Request, Response
from psp_sandbox.misdirected import Misdirected
from psp_sandbox.options import Options
from psp_sandbox.paypal import snapshot as paypal_snapshot
from psp_sandbox.paypal import test_helpers as paypal_test_helpers
from psp_sandbox.paypal.api import OPERATIONS as PAYPAL_OPERATIONS
from psp_sandbox.paypal.api import PayPalApi
from psp_sandbox.stripe import snapshot, test_helpers
from psp_sandbox.stripe.api import OPERATIONS, StripeApi

PAYPAL = "paypal/"
"""Below it, under /sandbox/, is what shows and moves PayPal's objects."""
MAX_ADVANCE_SECONDS = 366 * 24 * 3_600
MAX_REFUSING_SECONDS = 600
NAMED_STEPS = 3
"""Of a path like `payment_intents/{id}/expire`."""


class LatencyOrder(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/latency, in milliseconds; both zero means none."""

    p50_ms: float
    p99_ms: float = 0.0


class SecretOrder(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/webhook_endpoints/{id}/roll_secret. Until then the earlier secrets sign too; 24 h unless said."""

    expire_previous_seconds: float = 86_400.0
    secret: str | None = None


class ClockOrder(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/clock. What becomes due meanwhile happens before the answer. Time does not go back."""

    advance_seconds: Annotated[float, msgspec.Meta(ge=0, le=MAX_ADVANCE_SECONDS)]


class RefusalOrder(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/refuse_connections. The sandbox's own API cannot be reached meanwhile, either."""

    seconds: Annotated[float, msgspec.Meta(gt=0, le=MAX_REFUSING_SECONDS)]


class Listening(Protocol):
    """The listening socket."""

    def refuse(self, seconds: float) -> None:
        """Refuse connections for a while, from now on."""


class EffectDelayOrder(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/aftermath: the delay of effects that are scheduled from now on."""

    delay_seconds: Annotated[float, msgspec.Meta(ge=0, le=MAX_ADVANCE_SECONDS)]


class Admin:
    """Answers JSON; mistakes get a 4xx and a sentence. `listening` is set once there is a socket."""

    listening: Listening | None = None

    def __init__(
        self,
        *,
        calls: Calls,
        clock: Clock,
        delivery: Delivery,
        faults: FaultRules,
        options: Options,
        paypal: PayPalApi,
        rng: Random,
        stripe: StripeApi,
    ) -> None:
        self._calls = calls
        self._clock = clock
        self._delivery = delivery
        self._faults = faults
        self._options = options
        self._paypal = paypal
        self._rng = rng
        self._stripe = stripe
        self._operations: dict[tuple[str, str], Callable[[Request, str], Response]] = {
            ("GET", "healthz"): self._healthz,
            ("GET", "state"): self._state,
            ("POST", "reset"): self._reset,
            ("POST", "latency"): self._set_new_latency,
            ("POST", "refuse_connections"): self._refuse_connections,
            ("POST", "faults"): self._add_fault,
            ("GET", "faults"): self._list_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "clock"): self._advance_clock,
            ("GET", "aftermath"): self._waiting_effects,
            ("POST", "aftermath"): self._set_effect_delay,
            ("POST", "webhook_endpoints/roll_secret"): self._roll_secret,
        }

    def handle(self, request: Request) -> Response:
        """Route one request."""
        path = request.path.removeprefix("/sandbox/")
        of_paypal = path.startswith(PAYPAL)
        steps = path.removeprefix(PAYPAL).split("/")
        named = steps.pop(1) if len(steps) == NAMED_STEPS else ""
        route = (request.method, "/".join(steps))
        operation, moved = self._operations.get(route), test_helpers.OPERATIONS.get(route)
        try:
            if of_paypal and route in paypal_test_helpers.OPERATIONS:
                return paypal_test_helpers.OPERATIONS[route](self._paypal, request, named)
            if operation is not None and not of_paypal:
                return operation(request, named)
            if moved is not None and not of_paypal:
                return moved(self._stripe.store, request, named)
        except (msgspec.DecodeError, BadFault, ImpossibleLatency) as error:
            return Response(status=400, payload={"error": str(error)})
        except Misdirected as error:
            return Response(status=error.status, payload={"error": str(error)})
        return Response(status=404, payload={"error": f"no such operation: {request.method} {request.path}"})

    def _healthz(self, _request: Request, _named: str) -> Response:
        return Response(payload={"status": "ok"})

    def _set_new_latency(self, request: Request, _named: str) -> Response:
        order = msgspec.json.decode(request.body, type=LatencyOrder)
        self._calls.latency = log_normal(p50_ms=order.p50_ms, p99_ms=order.p99_ms, rng=self._rng)
        return Response(payload=order)

    def _refuse_connections(self, request: Request, _named: str) -> Response:
        order = msgspec.json.decode(request.body, type=RefusalOrder)
        if self.listening is None:
            raise Misdirected(409, "the sandbox does not listen yet")
        self.listening.refuse(order.seconds)
        return Response(payload=order)

    def _add_fault(self, request: Request, _named: str) -> Response:
        fault = msgspec.json.decode(request.body, type=Fault)
        operation = fault.match.operation
        operations = OPERATIONS | PAYPAL_OPERATIONS
        if operation is not None and operation not in operations:
            raise BadFault(f"no such operation: {operation}; there are {', '.join(sorted(operations))}")
        self._faults.add(fault)
        return Response(status=201, payload=self._rules())

    def _list_faults(self, _request: Request, _named: str) -> Response:
        return Response(payload=self._rules())

    def _clear_faults(self, _request: Request, _named: str) -> Response:
        self._faults.clear()
        return Response(payload=self._rules())

    def _rules(self) -> dict[str, object]:
        rules = [
            {**msgspec.to_builtins(rule.fault), "left": rule.left, "fired": rule.fired}
            for rule in self._faults.rules()
        ]
        return {"faults": rules}

    def _state(self, request: Request, _named: str) -> Response:
        """Sums over all accounts. With ?metadata_key=k, what was paid for each value of that key.

        PayPal has no metadata: `by_custom_id` under `paypal` is the same for its orders' `custom_id`.
        """
        store = self._stripe.store
        sent = self._delivery.counts
        state: dict[str, object] = {
            **snapshot.totals(store),
            "charges": len(store.charges),
            "events": len(store.events),
            "idempotency_keys": len(self._stripe.memory),
            "webhooks": {
                "pending": self._delivery.pending(),
                **{
                    name: sent[name]
                    for name in ("sent", "delivered", "failed_attempts", "abandoned", "dropped", "overflowed")
                },
            },
            "requests": dict(self._calls.counts),
            "paypal": paypal_snapshot.totals(self._paypal.store),
        }
        for key in parse_qs(request.query.decode("latin-1")).get("metadata_key", []):
            state["by_metadata"] = snapshot.by_metadata(store, key)
            state["paypal"] = {
                **paypal_snapshot.totals(self._paypal.store),
                "by_custom_id": paypal_snapshot.by_custom_id(self._paypal.store),
            }
        return Response(payload=state)

    def _reset(self, _request: Request, _named: str) -> Response:
        self._stripe.store.clear()
        self._stripe.store.effect_delay_seconds = self._options.aftermath_delay_seconds
        self._paypal.clear()
        self._paypal.store.effect_delay_seconds = self._options.aftermath_delay_seconds
        self._clock.reset()
        self._stripe.memory.clear()
        self._faults.clear()
        self._delivery.clear()
        self._calls.counts.clear()
        self._calls.latency = log_normal(p50_ms=0, p99_ms=0, rng=self._rng)
        return Response(payload={"status": "reset"})

    def _advance_clock(self, request: Request, _named: str) -> Response:
        order = msgspec.json.decode(request.body, type=ClockOrder)
        self._clock.advance(order.advance_seconds)
        happened = self._stripe.store.scheduler.run_due()
        self._delivery.run_due()
        return Response(payload={"now": int(self._clock.now()), "happened": happened})

    def _set_effect_delay(self, request: Request, named: str) -> Response:
        order = msgspec.json.decode(request.body, type=EffectDelayOrder)
        self._stripe.store.effect_delay_seconds = order.delay_seconds
        self._paypal.store.effect_delay_seconds = order.delay_seconds
        return self._waiting_effects(request, named)

    def _waiting_effects(self, _request: Request, _named: str) -> Response:
        """The delay, and what waits: the soonest first."""
        store = self._stripe.store
        waiting = [
            {"at": int(at), "kind": due.kind, "object": due.object_id}
            for at, due in islice(store.scheduler.waiting(), snapshot.MAX_ROWS)
        ]
        return Response(payload={"delay_seconds": store.effect_delay_seconds, "waiting": waiting})

    def _roll_secret(self, request: Request, endpoint_id: str) -> Response:
        order = msgspec.json.decode(request.body or b"{}", type=SecretOrder)
        endpoint = self._stripe.store.endpoints.get(endpoint_id)
        if endpoint is None:
            raise Misdirected(404, f"no webhook endpoint {endpoint_id}")
        secret = order.secret or new_secret("whsec")
        endpoint.roll_secret(secret, expire_previous_seconds=order.expire_previous_seconds)
        return Response(payload={"id": endpoint_id, "secret": secret})
