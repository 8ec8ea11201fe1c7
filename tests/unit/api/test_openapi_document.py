"""The OpenAPI document and the pages made of it."""

import json
from typing import Any, get_args

import pytest

from fincore.api.charge_action_operations import CANCEL_CHARGE, CAPTURE_CHARGE
from fincore.api.charge_operations import CREATE_CHARGE, GET_CHARGE, LIST_CHARGES
from fincore.api.dispute_operations import GET_DISPUTE, LIST_DISPUTES
from fincore.api.docs import Docs
from fincore.api.endpoint import Method, Route
from fincore.api.event_operations import GET_EVENT, LIST_EVENTS
from fincore.api.exchange import Answer, Call
from fincore.api.openapi import openapi_document, problems_of
from fincore.api.operation import Operation
from fincore.api.problems import PROBLEMS
from fincore.api.refund_operations import CREATE_REFUND, GET_REFUND, LIST_REFUNDS
from fincore.api.webhook_endpoint_operations import (
    CREATE_WEBHOOK_ENDPOINT,
    GET_WEBHOOK_DELIVERY,
    GET_WEBHOOK_ENDPOINT,
    LIST_WEBHOOK_DELIVERIES,
    LIST_WEBHOOK_ENDPOINTS,
    REPLAY_FAILED_WEBHOOKS,
    REPLAY_WEBHOOK_DELIVERY,
    ROTATE_WEBHOOK_SECRET,
    UPDATE_WEBHOOK_ENDPOINT,
)
from fincore.api.webhooks import RECEIVE_WEBHOOK
from fincore.domain.refusal import RequestRefusalCode


async def nothing(_: Call) -> Answer:
    return Answer(204, b"")


WEBHOOK_OPERATIONS: tuple[tuple[Method, str, Operation], ...] = (
    ("POST", "endpoints", CREATE_WEBHOOK_ENDPOINT),
    ("GET", "endpoints", LIST_WEBHOOK_ENDPOINTS),
    ("GET", "endpoints/{endpoint_id}", GET_WEBHOOK_ENDPOINT),
    ("POST", "endpoints/{endpoint_id}", UPDATE_WEBHOOK_ENDPOINT),
    ("POST", "endpoints/{endpoint_id}/rotate_secret", ROTATE_WEBHOOK_SECRET),
    ("GET", "endpoints/{endpoint_id}/deliveries", LIST_WEBHOOK_DELIVERIES),
    ("POST", "endpoints/{endpoint_id}/replay_failed", REPLAY_FAILED_WEBHOOKS),
    ("GET", "deliveries/{delivery_id}", GET_WEBHOOK_DELIVERY),
    ("POST", "deliveries/{delivery_id}/replay", REPLAY_WEBHOOK_DELIVERY),
)
ROUTES = (
    Route(method="POST", path="/v1/charges", operation=CREATE_CHARGE, handler=nothing),
    Route(method="GET", path="/v1/charges", operation=LIST_CHARGES, handler=nothing),
    Route(method="GET", path="/v1/charges/{charge_id}", operation=GET_CHARGE, handler=nothing),
    Route(method="POST", path="/v1/charges/{charge_id}/capture", operation=CAPTURE_CHARGE, handler=nothing),
    Route(method="POST", path="/v1/charges/{charge_id}/cancel", operation=CANCEL_CHARGE, handler=nothing),
    Route(method="POST", path="/v1/refunds", operation=CREATE_REFUND, handler=nothing),
    Route(method="GET", path="/v1/refunds", operation=LIST_REFUNDS, handler=nothing),
    Route(method="GET", path="/v1/refunds/{refund_id}", operation=GET_REFUND, handler=nothing),
    Route(method="GET", path="/v1/disputes", operation=LIST_DISPUTES, handler=nothing),
    Route(method="GET", path="/v1/disputes/{dispute_id}", operation=GET_DISPUTE, handler=nothing),
    Route(method="GET", path="/v1/events", operation=LIST_EVENTS, handler=nothing),
    Route(method="GET", path="/v1/events/{event_id}", operation=GET_EVENT, handler=nothing),
    *(
        Route(method=method, path=f"/v1/webhook_{path}", operation=operation, handler=nothing)
        for method, path, operation in WEBHOOK_OPERATIONS
    ),
    Route(method="POST", path="/webhooks/{psp}/{account}", operation=RECEIVE_WEBHOOK, handler=nothing),
)


@pytest.fixture
def document() -> dict[str, Any]:
    return openapi_document(ROUTES)


def test_every_route_is_documented_with_every_status_it_may_answer(document: dict[str, Any]) -> None:
    assert set(document["paths"]) == {route.path for route in ROUTES}
    for route in ROUTES:
        responses = document["paths"][route.path][route.method.lower()]["responses"]
        expected = {
            *route.operation.answers,
            *(PROBLEMS[code].status for code in problems_of(route.operation)),
        }
        assert set(responses) == {str(status) for status in expected}
        assert all("Request-Id" in response["headers"] for response in responses.values())


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(node: Any) -> set[str]:
        if isinstance(node, dict):
            own = {node["$ref"]} if "$ref" in node else set()
            return own.union(*(references(value) for value in node.values()))
        if isinstance(node, list):
            return set().union(*(references(value) for value in node))
        return set()

    for reference in references(document):
        _, *path = reference.split("/")
        place: Any = document
        for part in path:
            place = place[part]


def test_only_merchants_operations_ask_for_a_key(document: dict[str, Any]) -> None:
    assert document["security"] == [{"bearer": []}, {"basic": []}]
    assert "security" not in document["paths"]["/v1/charges"]["post"]
    assert document["paths"]["/webhooks/{psp}/{account}"]["post"]["security"] == []


def test_the_key_is_required_wherever_something_is_done(document: dict[str, Any]) -> None:
    for path in (
        "/v1/charges",
        "/v1/charges/{charge_id}/capture",
        "/v1/charges/{charge_id}/cancel",
        "/v1/refunds",
    ):
        parameters = {p["name"]: p for p in document["paths"][path]["post"]["parameters"]}
        assert parameters["Idempotency-Key"]["required"] is True
        assert parameters["Prefer"]["required"] is False


def test_a_body_may_be_left_out_only_where_it_says_nothing_that_is_needed(document: dict[str, Any]) -> None:
    required = {
        path: methods["post"]["requestBody"]["required"]
        for path, methods in document["paths"].items()
        if "post" in methods
    }
    assert {path for path, is_required in required.items() if not is_required} == {
        "/v1/charges/{charge_id}/capture",
        "/v1/charges/{charge_id}/cancel",
        "/v1/webhook_endpoints/{endpoint_id}/rotate_secret",
        "/v1/webhook_endpoints/{endpoint_id}/replay_failed",
        "/v1/webhook_deliveries/{delivery_id}/replay",
    }


def test_every_refusal_of_the_domain_is_documented_where_it_may_be_answered(document: dict[str, Any]) -> None:
    documented = {
        code for operation in (CAPTURE_CHARGE, CANCEL_CHARGE, CREATE_REFUND) for code in operation.problems
    }
    assert set(get_args(RequestRefusalCode)) <= documented


async def page(path: str) -> Answer:
    routes = {route.path: route for route in Docs(ROUTES).routes()}
    return await routes[path].handler(None)  # type: ignore[arg-type]


async def test_the_page_to_read_shows_every_operation_type_and_field(document: dict[str, Any]) -> None:
    html = (await page("/docs")).body.decode()
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}" in html
    for name, schema in document["components"]["schemas"].items():
        assert f'id="{name}"' in html
        assert all(f"<code>{field}</code>" in html for field in schema["properties"])


@pytest.mark.parametrize("path", ["/docs", "/docs/errors"])
async def test_pages_load_nothing_from_anywhere_and_run_no_script(path: str) -> None:
    answer = await page(path)
    html = answer.body.decode()
    assert "<script" not in html
    assert "http://" not in html
    assert "https://" not in html
    assert dict(answer.headers)["content-security-policy"].startswith(
        "default-src 'none'; style-src 'sha256-"
    )


async def test_the_document_served_describes_the_documentation_too() -> None:
    served = json.loads((await page("/openapi.json")).body)
    assert served["openapi"] == "3.1.0"
    assert {"/docs", "/docs/errors", "/openapi.json", "/v1/charges"} <= set(served["paths"])
