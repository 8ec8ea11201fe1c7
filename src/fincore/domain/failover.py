"""Whether a charge goes on to the next account of its plan after an attempt that did not happen. Pure.

It never does while money may have moved: the caller says that no call of the attempt can have taken effect, and what the charge
itself knows of the PSP must not contradict that.
"""

from datetime import datetime

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeRerouted, RerouteCode
from fincore.domain.operation import PendingOperation
from fincore.domain.route_plan import ATTEMPTS_MAX, PlannedAttempt


def next_candidate(charge: Charge) -> PlannedAttempt | None:
    """The next account of the plan, if the charge may have another attempt.

    No account gets a second attempt: reports about two attempts at one account could not be told apart.
    """
    if charge.plan is None or charge.attempt_number >= ATTEMPTS_MAX:
        return None
    tried = {(one.psp, one.psp_account) for one in charge.abandoned_attempts}
    tried.add((charge.psp, charge.psp_account))
    return next((one for one in charge.plan.attempts if (one.psp, one.psp_account) not in tried), None)


def reroute(
    charge: Charge, operation: PendingOperation, *, code: RerouteCode, reason: str, now: datetime
) -> tuple[ChargeRerouted, ...]:
    """The event that gives the attempt up and begins the next; none where that is not safe, or there is no next.

    Only an authorization fails over: later operations are of a payment that the customer chose. Its outcome must not be unknown,
    unless the PSP's record has just shown that it never happened. A payment that the PSP named, or a report about one that is
    held, may be money of this attempt.
    """
    candidate = next_candidate(charge)
    is_resolved = code == "never_happened"
    if (
        candidate is None
        or charge.status != "processing"
        or charge.operation != operation
        or operation.kind != "authorize"
        or (charge.unknown_since is not None) is not is_resolved
        or charge.pending_until is not None
        or charge.psp_reference is not None
        or charge.held_reports
    ):
        return ()
    return (
        ChargeRerouted(
            abandoned_attempt=charge.attempt_number,
            abandoned_psp=charge.psp,
            abandoned_psp_account=charge.psp_account,
            psp=candidate.psp,
            psp_account=candidate.psp_account,
            payment_method=candidate.payment_method,
            code=code,
            reason=reason,
            requested_at=now,
        ),
    )
