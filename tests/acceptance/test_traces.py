"""Traces, whole way: one charge, exported by every role to a real receiver of OTLP, holds every step in order."""

import json
import urllib.request
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Final
from uuid import uuid4

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from fixtures.otlp_receiver import OtlpReceiver, ReceivedSpan
from fixtures.shop import Shop
from fixtures.system import System, running_system
from fixtures.webhook_receiver import WebhookReceiver

INTERNAL, SERVER, CLIENT, CONSUMER = 1, 2, 3, 5
CALLER_TRACE, CALLER_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ARRIVAL: Final = "POST /webhooks/{psp}/{account}"
BATCHES: Final = ("commit batch", "consume projectionist", "consume ledger", "consume notify")
ROUND_TRIP_NS: Final = 2_000_000_000
TRACEPARENT: Final = f"00-{CALLER_TRACE}-{CALLER_SPAN}-00"


@pytest.fixture(scope="module")
def collector() -> Iterator[OtlpReceiver]:
    with OtlpReceiver() as collector:
        yield collector


@pytest.fixture(scope="module")
def system(collector: OtlpReceiver) -> Iterator[System]:
    settings = {
        "FINCORE_TRACE_OTLP_URL": collector.url,
        "FINCORE_TRACE_RATE": "1",
        "FINCORE_ACCESS_LOG_RATE": "1",
        "FINCORE_WEBHOOKS_ALLOW_LOOPBACK": "true",
    }
    with running_system(settings=settings) as system:
        yield system


@pytest.fixture
async def shop(system: System) -> AsyncIterator[Shop]:
    merchant = await system.add_merchant()
    async with Shop(system, merchant.api_key) as shop:
        yield shop


class Spans:
    """Spans of a run, found by what they are; a test fails where it is not exactly one."""

    def __init__(self, spans: list[ReceivedSpan]) -> None:
        self.all = spans

    def one(self, name: str, **where: str) -> ReceivedSpan:
        """The span of a name, in a trace or under a parent where given."""
        found = [
            span
            for span in self.all
            if span.name == name and all(getattr(span, field) == value for field, value in where.items())
        ]
        assert len(found) == 1, (name, where, [(one.name, one.trace, one.parent) for one in self.all])
        return found[0]

    def linked(self, name: str, to: ReceivedSpan) -> list[ReceivedSpan]:
        """The spans of a name that point at another one."""
        return [span for span in self.all if span.name == name and (to.trace, to.id) in span.links]


async def test_trace_of_a_charge_holds_every_step_in_order(
    system: System, shop: Shop, collector: OtlpReceiver
) -> None:
    """The merchant's trace goes on to its own webhook; what stands beside it in traces of their own points at it."""
    with WebhookReceiver() as receiver:
        listens = {"url": receiver.url, "event_types": ["charge.created", "charge.captured"]}
        assert (await shop.request("POST", "/v1/webhook_endpoints", json=listens)).status == 201
        system.until_idle()
        reply = await shop.request(
            "POST",
            "/v1/charges",
            json={"amount_minor": 1999, "currency": "usd", "payment_method": "pm_card_visa"},
            headers={"Idempotency-Key": str(uuid4()), "traceparent": TRACEPARENT},
        )
        assert reply.status == 201
        told = {hook.headers["traceparent"] for hook in receiver.take(2)}
    system.until_idle()
    charge_id = reply.json["id"]

    def is_whole(came: list[ReceivedSpan]) -> bool:
        """Roles export apart from one another, each some time after its spans ended."""
        names = [one.name for one in came if one.trace == CALLER_TRACE]
        events = {one.id for one in came if (one.trace, one.name) == (CALLER_TRACE, "commit")}
        pointed_at = {
            (one.name, span_id) for one in came for trace, span_id in one.links if trace == CALLER_TRACE
        }
        return (
            names.count("deliver webhook") == len(events) == len(told)
            and {(batch, event) for batch in BATCHES for event in events} <= pointed_at
            and bool(
                read := {one.trace for one in came if one.attributes.get("fincore.charge_id") == charge_id}
            )
            and read <= {one.trace for one in came if one.name == ARRIVAL}
            and "POST /v1/charges" in names
        )

    spans = Spans(collector.until("the trace is whole", is_whole))

    # The merchant's request, in the merchant's trace although its caller did not mark that as sampled.
    request = spans.one("POST /v1/charges", trace=CALLER_TRACE)
    assert (request.service, request.kind, request.parent) == ("fincore-api", SERVER, CALLER_SPAN)
    assert request.attributes["http.route"] == "/v1/charges"
    assert request.attributes["http.response.status_code"] == 201
    assert request.attributes["fincore.request_id"] == reply.headers["Request-Id"]
    accepted = spans.one("commit", parent=request.id)
    assert (accepted.service, accepted.kind) == ("fincore-api", INTERNAL)
    assert accepted.attributes["fincore.commit.result"] == "committed"
    # The worker goes on from the commit that wrote the job.
    job = spans.one("job charge.authorize", parent=accepted.id)
    assert (job.service, job.kind, job.trace) == ("fincore-worker", CONSUMER, CALLER_TRACE)
    assert job.attributes["fincore.job.result"] == "done"
    call = spans.one("psp authorize", parent=job.id)
    assert (call.kind, call.attributes["fincore.psp.outcome"]) == (CLIENT, "approved")
    assert call.attributes["http.response.status_code"] == 200
    outcome = spans.one("commit", parent=job.id)
    # The merchant's webhooks go on from the commits of their events, and tell the merchant so.
    deliveries = [spans.one("deliver webhook", parent=one.id) for one in (accepted, outcome)]
    assert {one.service for one in deliveries} == {"fincore-notify"}
    assert told == {f"00-{CALLER_TRACE}-{one.id}-01" for one in deliveries}
    # Steps begin in their order, by the clock of the database server, which each process knows to within a round trip.
    steps = [request, accepted, job, call, outcome, deliveries[1]]
    for earlier, later in pairwise(steps):
        assert earlier.began_ns <= later.began_ns + (0 if earlier.service == later.service else ROUND_TRIP_NS)
    for inner, outer in ((accepted, request), (call, job), (outcome, job)):
        assert outer.began_ns <= inner.began_ns <= inner.ended_ns <= outer.ended_ns
    # Batches are spans of their own, which point at what they held.
    for event in (accepted, outcome):
        for batch in BATCHES:
            found = spans.linked(batch, event)
            assert {(one.parent, one.trace == CALLER_TRACE) for one in found} == {("", False)}
    # The PSP's webhook begins a trace, and its reading points at the charge.
    read = next(one for one in spans.all if one.attributes.get("fincore.charge_id") == charge_id)
    assert (read.name, read.service) == ("job webhook.interpret", "fincore-worker")
    assert (accepted.trace, accepted.id) in read.links
    arrived = next(one for one in spans.all if one.trace == read.trace and one.parent == "")
    assert (arrived.name, arrived.service) == (ARRIVAL, "fincore-api")
    inbox = spans.one("commit", parent=arrived.id)
    assert read.parent == inbox.id


async def test_log_tells_of_a_request_and_of_its_outcome(system: System, shop: Shop) -> None:
    trace = "c3" * 16
    reply = await shop.request(
        "POST",
        "/v1/charges",
        json={"amount_minor": 1999, "currency": "usd", "payment_method": "pm_card_visa"},
        headers={"Idempotency-Key": str(uuid4()), "traceparent": f"00-{trace}-{CALLER_SPAN}-00"},
    )
    system.until_idle()
    lines = [
        json.loads(line) for text in system.logs().values() for line in text.splitlines() if trace in line
    ]
    answered = next(one for one in lines if one["event"] == "http.answered")
    assert (answered["method"], answered["route"], answered["status"]) == ("POST", "/v1/charges", 201)
    assert answered["request_id"] == reply.headers["Request-Id"]
    recorded = next(one for one in lines if one["event"] == "payments.recorded")
    assert (recorded["charge_id"], recorded["psp"]) == (reply.json["id"], "stripe")
    assert "charge.captured" in recorded["events"]


def metrics_of(system: System, role: str, accepted: str) -> tuple[str, str]:
    """The type and the text of a role's metrics, for a scraper that accepts some types."""
    request = urllib.request.Request(  # noqa: S310 -- our own process
        f"{system.ops_url(role)}/metrics", headers={"Accept": accepted}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- our own process
        return answer.headers["Content-Type"], answer.read().decode()


async def test_latencies_have_exemplars_that_a_scraper_can_read(
    system: System, shop: Shop, collector: OtlpReceiver
) -> None:
    charge = await shop.paid()
    system.until_idle()
    for role, metric in (("api", "fincore_http_request_seconds"), ("worker", "fincore_psp_call_seconds")):
        content_type, text = metrics_of(
            system, role, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
        )
        assert content_type.startswith("application/openmetrics-text")
        # The library's parser has no types.
        families = {one.name: one for one in text_string_to_metric_families(text)}  # type: ignore[no-untyped-call]
        named = {one.exemplar.labels["trace_id"] for one in families[metric].samples if one.exemplar}
        assert named, charge["id"]

        def are_exported(came: list[ReceivedSpan], named: set[str] = named) -> bool:
            return named <= {one.trace for one in came}

        collector.until(f"the traces that {role} names are exported", are_exported)
    content_type, text = metrics_of(system, "api", "text/plain")
    assert content_type.startswith("text/plain")
    assert "trace_id" not in text


async def test_failed_spans_are_exported_of_traces_not_chosen(collector: OtlpReceiver) -> None:
    """At rate 0: a PSP that answers nothing makes its call, and the job around it, seen; a charge that goes well is not."""
    settings = {
        "FINCORE_TRACE_OTLP_URL": collector.url,
        "FINCORE_TRACE_RATE": "0",
        "FINCORE_PSP_TIMEOUT_SECONDS": "1",
    }
    with running_system(settings=settings) as system:
        merchant = await system.add_merchant()
        async with Shop(system, merchant.api_key) as shop:
            good, lost = "a1" * 16, "b2" * 16
            for trace, payment_method in ((good, "pm_card_visa"), (lost, "pm_card_jcb")):
                if trace == lost:
                    system.sandbox.add_fault(
                        "timeout_after_apply", seconds=5, match={"payment_method": payment_method}
                    )
                reply = await shop.request(
                    "POST",
                    "/v1/charges",
                    json={"amount_minor": 1999, "currency": "usd", "payment_method": payment_method},
                    headers={
                        "Idempotency-Key": str(uuid4()),
                        "traceparent": f"00-{trace}-{CALLER_SPAN}-01",
                    },
                )
                assert reply.status == 201
            spans = collector.until(
                "the call is exported",
                lambda came: (
                    {"psp authorize", "job charge.authorize"}
                    <= {one.name for one in came if one.trace == lost}
                ),
            )
    call = Spans(spans).one("psp authorize", trace=lost)
    assert (call.attributes["fincore.kept"], call.is_error, call.is_chosen) == ("unknown", True, False)
    assert call.attributes["fincore.psp.outcome"] == "unknown"
    kept = [(one.name, one.attributes["fincore.kept"]) for one in spans if one.trace == good]
    assert [one for one in kept if one[1] != "slow"] == []  # on a busy machine anything may be
