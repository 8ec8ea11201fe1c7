"""Asks the risk engine about the charge of one request, once, however often the request is decided."""

from collections.abc import Mapping

from fincore.domain.events import ChargeCreated
from fincore.domain.ids import ChargeId
from fincore.domain.outcome import PspName
from fincore.domain.payment_method import CardInstrument
from fincore.domain.risk import RiskAssessment
from fincore.eventstore.commit import IdempotencyKey
from fincore.write.payments.risk_request import dedupe_of_key, risk_request
from fincore.write.psp.limits import PspLimits
from fincore.write.risk.engine import RiskEngine


class AssessedOnce:
    """The assessment of one request; None where no rules are in force. `limits` are of each PSP that a charge may go to."""

    def __init__(self, engine: RiskEngine, limits: Mapping[PspName, PspLimits]) -> None:
        self._engine = engine
        self._limits = limits
        self._is_done = False
        self._assessment: RiskAssessment | None = None

    async def assess(
        self,
        charge_id: ChargeId,
        created: ChargeCreated,
        key: IdempotencyKey,
        *,
        instrument: CardInstrument | None = None,
        first_digits: str | None = None,
        number_hmac: str | None = None,
    ) -> RiskAssessment | None:
        """What the engine says of the charge, or said of it before."""
        if not self._is_done and self._engine.is_active:
            request = risk_request(
                charge_id,
                created,
                self._limits,
                dedupe=dedupe_of_key(key),
                instrument=instrument,
                first_digits=first_digits,
                number_hmac=number_hmac,
            )
            self._assessment = await self._engine.assess(request)
            self._is_done = True
        return self._assessment
