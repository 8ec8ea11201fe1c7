"""What every job about a charge begins with: the charge as the log tells it, and the gateway of its PSP."""

import random
from collections.abc import Callable, Mapping

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.clock import AgeClock
from fincore.domain.ids import ChargeId
from fincore.domain.outcome import PspName
from fincore.write.card_tokens.port import CardTokens, NoCardEdge
from fincore.write.psp.port import PspGateway
from fincore.write.queue.port import Hold
from fincore.write.risk.engine import NoEngine, RiskEngine
from fincore.write.routing.breaker import CircuitBreaker
from fincore.write.worker.plumbing.recorder import ChargeRecorder, NoSuchCharge
from fincore.write.worker.policies.follow_up_jobs import PollPolicy
from fincore.write.worker.policies.janitor import JanitorPolicy
from fincore.write.worker.policies.retry_policy import RetryPolicy


class LoadedCharge(msgspec.Struct, frozen=True):
    """A charge as the log tells it now, and the gateway of its PSP."""

    charge_id: ChargeId
    charge: Charge
    gateway: PspGateway


class JobContext(msgspec.Struct, frozen=True, kw_only=True):
    """What every handler works with. `draw` gives the jitter of pauses, in [0, 1).

    Without a `breaker` every account may always be called. `risk` assesses the charges that jobs make.
    """

    recorder: ChargeRecorder
    gateways: Mapping[PspName, PspGateway]
    clock: AgeClock
    retry_policy: RetryPolicy
    janitor_policy: JanitorPolicy
    poll_policy: PollPolicy
    breaker: CircuitBreaker | None = None
    card_tokens: CardTokens = msgspec.field(default_factory=NoCardEdge)
    risk: RiskEngine = NoEngine()
    draw: Callable[[], float] = random.random

    async def load(self, charge_id: ChargeId) -> LoadedCharge | NoSuchCharge | Hold:
        """The charge as the log tells it now; held for a person where no gateway of its PSP is configured."""
        charge = await self.recorder.load(charge_id)
        if charge is None:
            return NoSuchCharge()
        gateway = self.gateways.get(charge.psp)
        if gateway is None:
            return Hold(f"{charge_id}: no gateway for PSP {charge.psp} is configured; add it, then requeue")
        return LoadedCharge(charge_id, charge, gateway)

    async def load_for_job(self, charge_id: ChargeId) -> LoadedCharge | Hold:
        """The same for a job of ours, which names a charge that must exist."""
        loaded = await self.load(charge_id)
        return (
            Hold(f"{charge_id}: the log has no such charge") if isinstance(loaded, NoSuchCharge) else loaded
        )
