"""What is traced, and with which attributes: two tables that one can print. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

OtlpKind = Literal["internal", "server", "client", "consumer"]
SortName = Literal["request", "commit", "batch", "job", "psp_call", "consume", "delivery"]
Kept = Literal["failed", "slow", "unknown"]
"""Why a span is exported although its trace was not chosen."""


class SpanSort(NamedTuple):
    """A sort of span. One that took `slow_seconds` or longer is always exported.

    `named` is how its spans are named, `parent` what they continue, `links` what they point at in other traces.
    """

    named: str
    kind: OtlpKind
    slow_seconds: float
    parent: str
    links: str = ""


SORTS: Final[Mapping[SortName, SpanSort]] = MappingProxyType(
    {
        "request": SpanSort(
            "method and route", "server", 1.0, "the span in the caller's `traceparent`, where it has a key"
        ),
        "commit": SpanSort("`commit`", "internal", 0.5, "the request or the job that commits"),
        "batch": SpanSort("`commit batch`", "internal", 0.5, "none", "the commits that it wrote together"),
        "job": SpanSort(
            "`job` and its kind",
            "consumer",
            60.0,
            "the commit that wrote the job",
            "of `webhook.interpret`: the first event of the charge",
        ),
        "psp_call": SpanSort("`psp` and the operation", "client", 5.0, "the job"),
        "consume": SpanSort("`consume` and the consumer", "consumer", 2.0, "none", "the events of the batch"),
        "delivery": SpanSort(
            "`deliver webhook`",
            "client",
            5.0,
            "the commit of the event that is told",
            "the first event of the charge, where that is of another trace",
        ),
    }
)

Attribute = Literal[
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "error.type",
    "fincore.kept",
    "fincore.request_id",
    "fincore.charge_id",
    "fincore.commit.result",
    "fincore.commit.events",
    "fincore.commit.jobs",
    "fincore.batch.commits",
    "fincore.job.kind",
    "fincore.job.id",
    "fincore.job.attempt",
    "fincore.job.result",
    "fincore.psp",
    "fincore.psp.operation",
    "fincore.psp.outcome",
    "fincore.consumer",
    "fincore.consumer.events",
    "fincore.delivery_id",
    "fincore.endpoint_id",
    "fincore.delivery.attempt",
]
AttributeValue = str | int | bool

ATTRIBUTES: Final[Mapping[Attribute, str]] = MappingProxyType(
    {
        "http.request.method": "`GET`, `POST` ...",
        "http.route": "the path with the names of its parameters, never their values",
        "http.response.status_code": "what FinCore answered, or what the PSP or the merchant's server answered last",
        "error.type": "the name of a class of errors, or a word of ours such as `held`",
        "fincore.kept": "why the span is exported although its trace was not chosen: `failed`, `slow`, `unknown`",
        "fincore.request_id": "the `Request-Id` of the response",
        "fincore.charge_id": "the charge",
        "fincore.commit.result": "`committed`, `conflict`, `replayed`, `already_received`, `reference_taken`",
        "fincore.commit.events": "how many events",
        "fincore.commit.jobs": "how many jobs",
        "fincore.batch.commits": "how many commits in one transaction",
        "fincore.job.kind": "such as `charge.authorize`",
        "fincore.job.id": "the job as its queue calls it",
        "fincore.job.attempt": "which try it is, from 1",
        "fincore.job.result": "`done`, `retried`, `held`",
        "fincore.psp": "such as `stripe`",
        "fincore.psp.operation": "such as `authorize`, `inquire`",
        "fincore.psp.outcome": "in FinCore's words, such as `approved`, `declined`, `unknown`",
        "fincore.consumer": "`projectionist`, `ledger`, `notify`, `risk`",
        "fincore.consumer.events": "how many events in one transaction",
        "fincore.delivery_id": "the delivery",
        "fincore.endpoint_id": "the merchant's endpoint; its URL is in no span",
        "fincore.delivery.attempt": "which try it is, from 1",
    }
)
KEPT: Final = get_args(Kept)
