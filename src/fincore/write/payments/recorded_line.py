"""The line of log about what was recorded on a charge: which events, without what they hold."""

from collections.abc import Callable, Sequence

import structlog

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeEvent, ChargeFailed, event_type
from fincore.domain.ids import ChargeId
from fincore.write.payments.idempotent_requests import Refused, Responded

_log = structlog.get_logger(__name__)


def log_recorded(charge_id: ChargeId, charge: Charge, events: Sequence[ChargeEvent], *, age_ms: int) -> None:
    """Write the line, once the events are durable."""
    failures = [event.code for event in events if isinstance(event, ChargeFailed)]
    _log.info(
        "payments.recorded",
        charge_id=charge_id,
        events=[event_type(event) for event in events],
        **({"code": failures[0]} if failures else {}),
        psp=charge.psp,
        psp_account=charge.psp_account,
        livemode=charge.livemode,
        age_ms=age_ms,
    )


class EndedAtOnce:
    """The charge of one request that ended as it was accepted, as it was decided last: no worker has a line about it.

    `told` is given the charge and its events as well, once they are durable.
    """

    def __init__(self, told: Callable[[Charge, Sequence[ChargeEvent]], None] | None = None) -> None:
        self._told = told
        self._decided: tuple[ChargeId, Charge, tuple[ChargeEvent, ...]] | None = None

    def decided(self, charge_id: ChargeId, charge: Charge, events: tuple[ChargeEvent, ...]) -> None:
        """Keep what is to be committed."""
        self._decided = (charge_id, charge, events) if charge.status == "failed" else None

    def tell(self, responded: Responded | Refused) -> None:
        """Write the line where that was committed for this response."""
        if self._decided is None or not isinstance(responded, Responded) or responded.is_replay:
            return
        charge_id, charge, events = self._decided
        log_recorded(charge_id, charge, events, age_ms=0)
        if self._told is not None:
            self._told(charge, events)
