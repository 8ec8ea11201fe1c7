"""Disputes: show, list, answer with evidence, accept; and what PayPal's sandbox has besides: escalate, adjudicate."""

from collections.abc import Callable
from datetime import datetime
from email.parser import BytesParser
from email.policy import HTTP
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from psp_sandbox.ids import new_paypal_id
from psp_sandbox.messages import Request, Response
from psp_sandbox.paypal import dispute_machine
from psp_sandbox.paypal.call import Call
from psp_sandbox.paypal.change import Change
from psp_sandbox.paypal.dispute_machine import ImpossibleStep
from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.records import Dispute
from psp_sandbox.paypal.requests import read, read_query
from psp_sandbox.paypal.wire import path_links
from psp_sandbox.paypal.wire_disputes import dispute_summary, state_of

PATH = "/v1/customer/disputes"
FAVOURS = {"BUYER_FAVOR": "lose", "SELLER_FAVOR": "win"}


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One piece of evidence; documents that come with it are not kept."""

    evidence_type: Annotated[str, Meta(min_length=1, max_length=255, pattern="^[0-9A-Z_]+$")]
    notes: Annotated[str, Meta(min_length=1, max_length=2_000)] | None = None
    evidence_info: dict[str, object] | None = None


class Evidences(msgspec.Struct, frozen=True, kw_only=True):
    """The `input` of POST /v1/customer/disputes/{id}/provide-evidence."""

    evidences: Annotated[list[Evidence], Meta(min_length=1, max_length=100)]


class Adjudication(msgspec.Struct, frozen=True, kw_only=True):
    """POST /v1/customer/disputes/{id}/adjudicate."""

    adjudication_outcome: Literal["BUYER_FAVOR", "SELLER_FAVOR"]


class Escalation(msgspec.Struct, frozen=True, kw_only=True):
    """POST /v1/customer/disputes/{id}/escalate."""

    note: Annotated[str, Meta(min_length=1, max_length=2_000)]


Moment = Annotated[datetime, Meta(tz=True)]


class ListDisputes(msgspec.Struct, frozen=True, kw_only=True):
    """GET /v1/customer/disputes."""

    start_time: Moment | None = None
    disputed_transaction_id: str | None = None
    page_size: Annotated[int, Meta(ge=1, le=50)] = 10
    next_page_token: str | None = None
    dispute_state: str | None = None
    update_time_before: Moment | None = None
    update_time_after: Moment | None = None


def show(call: Call) -> str:
    """GET /v1/customer/disputes/{id}."""
    return _dispute(call).id


def list_disputes(call: Call) -> Response:
    """GET /v1/customer/disputes, newest first, by page: `next_page_token` is the id of the last dispute before."""
    given = read_query(call.request, ListDisputes)
    if given.start_time is not None and given.disputed_transaction_id is not None:
        raise Refusal("INVALID_PARAMETER_VALUE", field="start_time")
    found = [one for one in call.store.disputes.newest_first(call.account) if _is_wanted(one, given)]
    if given.next_page_token is not None:
        ids = [one.id for one in found]
        if given.next_page_token not in ids:
            raise Refusal("INVALID_PARAMETER_VALUE", field="next_page_token", value=given.next_page_token)
        found = found[ids.index(given.next_page_token) + 1 :]
    shown = found[: given.page_size]
    links = [(PATH, "self", "GET")]
    if len(found) > given.page_size:
        links.append((f"{PATH}?page_size={given.page_size}&next_page_token={shown[-1].id}", "next", "GET"))
    public_url = call.store.public_url
    body: dict[str, object] = {"links": path_links(public_url, *links)}
    if shown:
        body["items"] = [dispute_summary(one, public_url) for one in shown]
    return Response(payload=body)


def provide_evidence(call: Call) -> Response:
    """POST /v1/customer/disputes/{id}/provide-evidence: a form with the JSON `input` and files."""
    given = read(_input_of(call.request), Evidences)
    shown = tuple(msgspec.to_builtins(one) for one in given.evidences)
    return _moved(call, lambda dispute: dispute_machine.answered(dispute, shown, now=call.store.now()))


def accept_claim(call: Call) -> Response:
    """POST /v1/customer/disputes/{id}/accept-claim: the buyer is right."""
    return _moved(call, lambda dispute: _step(call, "lose", dispute))


def escalate(call: Call) -> Response:
    """POST /v1/customer/disputes/{id}/escalate."""
    read(call.request, Escalation)
    return _moved(call, lambda dispute: _step(call, "escalate", dispute))


def adjudicate(call: Call) -> Response:
    """POST /v1/customer/disputes/{id}/adjudicate, which PayPal has in its sandbox only: who is right."""
    given = read(call.request, Adjudication)
    if _dispute(call).status != "UNDER_REVIEW":
        raise Refusal("ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE")
    return _moved(call, lambda dispute: _step(call, FAVOURS[given.adjudication_outcome], dispute))


def _step(call: Call, step: str, dispute: Dispute) -> Change:
    captures = call.store.captures_of(dispute)
    return dispute_machine.take(step, dispute, captures, now=call.store.now(), new_id=new_paypal_id)


def _moved(call: Call, move: Callable[[Dispute], Change]) -> Response:
    dispute = _dispute(call)
    try:
        call.store.apply(move(dispute))
    except ImpossibleStep as error:
        raise Refusal("ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE") from error
    links = path_links(call.store.public_url, (f"{PATH}/{dispute.id}", "self", "GET"))
    return Response(payload={"links": links})


def _is_wanted(dispute: Dispute, given: ListDisputes) -> bool:
    states = None if given.dispute_state is None else given.dispute_state.split(",")
    transaction = given.disputed_transaction_id
    return (
        (states is None or state_of(dispute) in states)
        and (transaction is None or transaction in dispute.capture_ids)
        and (given.start_time is None or dispute.created_at >= given.start_time.timestamp())
        and (given.update_time_before is None or dispute.updated_at < given.update_time_before.timestamp())
        and (given.update_time_after is None or dispute.updated_at > given.update_time_after.timestamp())
    )


def _input_of(request: Request) -> Request:
    """The request with the form's `input` as its body; a request of plain JSON stays as it is."""
    content_type = request.headers.get(b"content-type", b"")
    if not content_type.startswith(b"multipart/form-data"):
        return request
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + content_type + b"\r\n\r\n" + request.body
    )
    for part in message.iter_parts():
        if part.get_param("name", header="content-disposition") == "input":
            return msgspec.structs.replace(request, body=part.get_payload(decode=True))
    raise Refusal("MISSING_REQUIRED_PARAMETER", field="/input")


def _dispute(call: Call) -> Dispute:
    dispute = call.store.disputes.get(call.account, call.named)
    if dispute is None:
        raise Refusal("INVALID_RESOURCE_ID")
    return dispute
