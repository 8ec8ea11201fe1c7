"""Disputes: retrieve, answer with evidence, accept, list; and the early fraud warnings of the issuers."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import asdict, replace

from psp_sandbox.ids import new_id
from psp_sandbox.messages import Response
from psp_sandbox.stripe import dispute_machine
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.dispute_machine import CLOSED, DisputeFacts, ImpossibleStep
from psp_sandbox.stripe.errors import Refusal, no_such, refused
from psp_sandbox.stripe.expansion import check_expand, data_paths
from psp_sandbox.stripe.lists import ListParameters, page
from psp_sandbox.stripe.parameters import Expandable, changed_metadata, read
from psp_sandbox.stripe.wire import Metadata
from psp_sandbox.stripe.wire_disputes import Dispute, EarlyFraudWarning, Evidence


class UpdateDispute(Expandable, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """POST /v1/disputes/{id}. Evidence is submitted at once unless `submit=false` only stages it."""

    evidence: Evidence | None = None
    metadata: Metadata | str | None = None
    submit: bool | None = None


class ListDisputes(ListParameters, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """GET /v1/disputes and GET /v1/radar/early_fraud_warnings."""

    charge: str | None = None
    payment_intent: str | None = None


def retrieve(call: Call) -> Response:
    """GET /v1/disputes/{id}."""
    given = read(call.request, Expandable)
    check_expand("dispute", given.expand)
    return Response(payload=_as_of(call.store.now(), _addressed(call)))


def update(call: Call) -> Response:
    """POST /v1/disputes/{id}: evidence, metadata, or both."""
    given = read(call.request, UpdateDispute)
    check_expand("dispute", given.expand)
    dispute = _addressed(call)
    metadata = changed_metadata(dispute.metadata, given.metadata)
    submitted = (given.evidence is not None) if given.submit is None else given.submit
    try:
        transition = dispute_machine.describe(
            dispute,
            call.store.charge(call.account, dispute.charge),
            evidence=_merged(dispute.evidence, given.evidence),
            metadata=metadata,
            submitted=submitted,
        )
    except ImpossibleStep as error:
        raise _over(dispute, "answer") from error
    call.store.apply_to_charge(call.caller, transition)
    return Response(payload=transition.dispute)


def close(call: Call) -> Response:
    """POST /v1/disputes/{id}/close: the merchant accepts it."""
    given = read(call.request, Expandable)
    check_expand("dispute", given.expand)
    dispute = _addressed(call)
    charge = call.store.charge(call.account, dispute.charge)
    facts = DisputeFacts(movement_id=new_id("txn"), now=call.store.now(), settles=call.store.settles)
    try:
        transition = dispute_machine.take("accept", dispute, charge, facts)
    except ImpossibleStep as error:
        raise _over(dispute, "close") from error
    call.store.apply_to_charge(call.caller, transition)
    return Response(payload=transition.dispute)


def list_disputes(call: Call) -> Response:
    """GET /v1/disputes, of one charge, of one payment intent or of all."""
    given = read(call.request, ListDisputes)
    data_paths("dispute", given.expand)
    store, account = call.store, call.account
    disputes: Iterable[Dispute]
    if given.charge is not None:
        disputes = store.disputes_of(account, given.charge)
    elif given.payment_intent is not None:
        charges = store.charges_of(account, given.payment_intent)
        disputes = (dispute for charge in charges for dispute in store.disputes_of(account, charge.id))
    else:
        disputes = store.disputes.newest_first(account)
    now = store.now()
    return Response(payload=page(disputes, given, url="/v1/disputes", show=lambda one: _as_of(now, one)))


def list_warnings(call: Call) -> Response:
    """GET /v1/radar/early_fraud_warnings."""
    given = read(call.request, ListDisputes)
    warnings: Iterable[EarlyFraudWarning] = call.store.warnings.newest_first(call.account)
    if given.charge is not None:
        warnings = (warning for warning in warnings if warning.charge == given.charge)
    if given.payment_intent is not None:
        warnings = (warning for warning in warnings if warning.payment_intent == given.payment_intent)
    found = page(warnings, given, url="/v1/radar/early_fraud_warnings", show=lambda warning: warning)
    return Response(payload=found)


def retrieve_warning(call: Call) -> Response:
    """GET /v1/radar/early_fraud_warnings/{id}."""
    given = read(call.request, Expandable)
    check_expand("radar.early_fraud_warning", given.expand)
    warning = call.store.warnings.get(call.account, call.named)
    if warning is None:
        raise no_such("early fraud warning", call.named, param="early_fraud_warning")
    return Response(payload=warning)


def _addressed(call: Call) -> Dispute:
    dispute = call.store.disputes.get(call.account, call.named)
    if dispute is None:
        raise no_such("dispute", call.named, param="dispute")
    return dispute


def _as_of(now: int, dispute: Dispute) -> Dispute:
    """Whether it is past its deadline changes with time alone."""
    details = dispute.evidence_details
    return replace(dispute, evidence_details=replace(details, past_due=now > details.due_by))


def _merged(evidence: Evidence, given: Evidence | None) -> Evidence:
    """What was given replaces what was there; an empty text takes it away."""
    if given is None:
        return evidence
    changes: dict[str, Any] = {
        name: value or None
        for name, value in asdict(given).items()
        if value is not None and name != "enhanced_evidence"
    }
    return replace(evidence, **changes)


def _over(dispute: Dispute, wish: str) -> Refusal:
    if dispute.status in CLOSED:
        return refused("This dispute is already closed")
    return refused(f"You cannot {wish} this dispute because it has a status of {dispute.status}.")
