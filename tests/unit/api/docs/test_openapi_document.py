"""The OpenAPI document and the pages made of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from fincore.api.balance.openapi import (
    GET_BALANCE,
    GET_BALANCE_TRANSACTION,
    LIST_BALANCE_TRANSACTIONS,
)
from fincore.api.charges.action_openapi import CANCEL_CHARGE, CAPTURE_CHARGE
from fincore.api.charges.openapi import CREATE_CHARGE, GET_CHARGE, LIST_CHARGES
from fincore.api.checkout_sessions.openapi import CREATE_SESSION, EXPIRE_SESSION, GET_SESSION, LIST_SESSIONS
from fincore.api.disputes.openapi import GET_DISPUTE, LIST_DISPUTES
from fincore.api.docs.document import openapi_document, problems_of
from fincore.api.docs.handlers import Docs
from fincore.api.docs.named_words import NAMED_WORDS
from fincore.api.docs.schemas import component_schemas
from fincore.api.events.openapi import GET_EVENT, LIST_EVENTS
from fincore.api.psp_webhooks.openapi import RECEIVE_WEBHOOK
from fincore.api.refunds.openapi import CREATE_REFUND, GET_REFUND, LIST_REFUNDS
from fincore.api.webhook_endpoints.message_openapi import WEBHOOKS
from fincore.api.webhook_endpoints.openapi import (
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
from fincore.domain.checkout_session_events import CheckoutSessionEvent, CheckoutSessionExpired
from fincore.domain.events import CHARGE_EVENTS, EVENTS
from fincore.domain.ids import new_event_id, new_stream_id, session_stream_of
from fincore.domain.public_event import SHOWN, public_event
from fincore.domain.public_session_event import SESSION_MEANINGS, public_session_event
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.refusal import RequestRefusalCode
from fincore.http.endpoint import Method, Route
from fincore.http.exchange import Call, Response
from fincore.http.health.handlers import Health
from fincore.http.openapi import Operation
from fincore.http.problems import PROBLEMS
from fincore.notify.message import BODY_BYTES_MAX, message_body
from fincore.notify.session_message import session_message_body
from fincore.public.event_data import ABOUT, DETAILS
from fincore.public.event_object import event_objects
from fincore.public.session_object import session_objects
from fixtures.checkout_sessions import SESSION, session_created
from fixtures.commits import NOON, captured, created, new_stream
from fixtures.traffic import disputed, recorded, refunded, refunding

GOLDEN = Path(__file__).parents[3] / "data/events"
INTERNAL_WORDS = re.compile(
    r"\b(fingerprint|encoded|msgspec|struct|subclass|docstring|our|ours|we)\b", re.IGNORECASE
)
TIME_NAME = re.compile(r"(^|_)(at|since|from|by|timestamp|as_of)$|^(capture|created)_before$")


async def nothing(_: Call) -> Response:
    return Response(204, b"")


WEBHOOK_OPERATIONS: tuple[tuple[Method, str, Operation], ...] = (
    ("POST", "endpoints", CREATE_WEBHOOK_ENDPOINT),
    ("GET", "endpoints", LIST_WEBHOOK_ENDPOINTS),
    ("GET", "endpoints/{endpoint_id}", GET_WEBHOOK_ENDPOINT),
    ("POST", "endpoints/{endpoint_id}", UPDATE_WEBHOOK_ENDPOINT),
    ("POST", "endpoints/{endpoint_id}/rotate_secret", ROTATE_WEBHOOK_SECRET),
    ("GET", "endpoints/{endpoint_id}/deliveries", LIST_WEBHOOK_DELIVERIES.operation),
    ("POST", "endpoints/{endpoint_id}/replay_failed", REPLAY_FAILED_WEBHOOKS),
    ("GET", "deliveries/{delivery_id}", GET_WEBHOOK_DELIVERY),
    ("POST", "deliveries/{delivery_id}/replay", REPLAY_WEBHOOK_DELIVERY),
)
ROUTES = (
    Route(method="POST", path="/v1/charges", operation=CREATE_CHARGE, handler=nothing),
    Route(method="GET", path="/v1/charges", operation=LIST_CHARGES.operation, handler=nothing),
    Route(method="GET", path="/v1/charges/{charge_id}", operation=GET_CHARGE, handler=nothing),
    Route(method="POST", path="/v1/charges/{charge_id}/capture", operation=CAPTURE_CHARGE, handler=nothing),
    Route(method="POST", path="/v1/charges/{charge_id}/cancel", operation=CANCEL_CHARGE, handler=nothing),
    Route(method="POST", path="/v1/checkout_sessions", operation=CREATE_SESSION, handler=nothing),
    Route(method="GET", path="/v1/checkout_sessions", operation=LIST_SESSIONS.operation, handler=nothing),
    Route(method="GET", path="/v1/checkout_sessions/{session_id}", operation=GET_SESSION, handler=nothing),
    Route(
        method="POST",
        path="/v1/checkout_sessions/{session_id}/expire",
        operation=EXPIRE_SESSION,
        handler=nothing,
    ),
    Route(method="POST", path="/v1/refunds", operation=CREATE_REFUND, handler=nothing),
    Route(method="GET", path="/v1/refunds", operation=LIST_REFUNDS.operation, handler=nothing),
    Route(method="GET", path="/v1/refunds/{refund_id}", operation=GET_REFUND, handler=nothing),
    Route(method="GET", path="/v1/disputes", operation=LIST_DISPUTES.operation, handler=nothing),
    Route(method="GET", path="/v1/disputes/{dispute_id}", operation=GET_DISPUTE, handler=nothing),
    Route(method="GET", path="/v1/events", operation=LIST_EVENTS.operation, handler=nothing),
    Route(method="GET", path="/v1/events/{event_id}", operation=GET_EVENT, handler=nothing),
    *(
        Route(method=method, path=f"/v1/webhook_{path}", operation=operation, handler=nothing)
        for method, path, operation in WEBHOOK_OPERATIONS
    ),
    Route(method="GET", path="/v1/balance", operation=GET_BALANCE, handler=nothing),
    Route(
        method="GET",
        path="/v1/balance_transactions",
        operation=LIST_BALANCE_TRANSACTIONS.operation,
        handler=nothing,
    ),
    Route(
        method="GET",
        path="/v1/balance_transactions/{balance_transaction_id}",
        operation=GET_BALANCE_TRANSACTION,
        handler=nothing,
    ),
    Route(method="POST", path="/webhooks/{psp}/{account}", operation=RECEIVE_WEBHOOK, handler=nothing),
    *Health({}).routes(),
)


@pytest.fixture
def document() -> dict[str, Any]:
    return openapi_document(ROUTES, WEBHOOKS)


def test_each_route_documents_each_status_it_may_return(document: dict[str, Any]) -> None:
    assert set(document["paths"]) == {route.path for route in ROUTES}
    for route in ROUTES:
        responses = document["paths"][route.path][route.method.lower()]["responses"]
        expected = {
            *route.operation.responses,
            *(PROBLEMS[code].status for code in problems_of(route.operation)),
        }
        assert set(responses) == {str(status) for status in expected}
        assert all("Request-Id" in response["headers"] for response in responses.values())


def test_each_openapi_reference_resolves(document: dict[str, Any]) -> None:
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


def properties(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Type, name and schema of every field of the document."""
    for shape, schema in document["components"]["schemas"].items():
        for name, described in schema.get("properties", {}).items():
            yield shape, name, described


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a document."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(inner)


def test_optional_request_fields_stay_optional_in_clients(document: dict[str, Any]) -> None:
    """Generators take a field with a `default` for one that is always there."""
    schemas = document["components"]["schemas"]
    assert [name for _, name, described in properties(document) if "default" in described] == []
    assert schemas["ChargeRequest"]["required"] == ["amount_minor", "currency"]
    assert "Default: `true`." in schemas["ChargeRequest"]["properties"]["capture"]["description"]
    assert "required" not in schemas["CaptureRequest"]


def test_fields_that_answers_always_have_are_required(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    optional = {
        (name, field)
        for name, schema in schemas.items()
        for field in schema.get("properties", {})
        if field not in schema.get("required", ()) and schema.get("additionalProperties") is not False
    }
    assert {(name, field) for name, field in optional if name not in ("EventData", "EventDetails")} == {
        ("Charge", "attempts"),
        ("Charge", "refunds"),
        ("Charge", "disputes"),
        ("Charge", "fraud_warnings"),
        ("Charge", "timeline"),
        ("UnreadableChargeProblem", "charge"),
        ("WebhookDelivery", "payload"),
        ("WebhookDelivery", "attempt_log"),
        ("WebhookEndpoint", "secret"),
    }


def test_each_time_field_has_date_time_format(document: dict[str, Any]) -> None:
    undated = [
        (shape, name)
        for shape, name, described in properties(document)
        if TIME_NAME.search(name) and described.get("format") != "date-time"
    ]
    assert undated == []


def test_every_field_type_and_tag_is_described(document: dict[str, Any]) -> None:
    undescribed = [
        (shape, name) for shape, name, field in properties(document) if not field.get("description")
    ]
    assert undescribed == []
    assert all(schema["description"] for schema in document["components"]["schemas"].values())
    tags = {tag["name"] for tag in document["tags"]}
    for methods in [*document["paths"].values(), *document["webhooks"].values()]:
        for operation in methods.values():
            assert set(operation["tags"]) <= tags
            assert operation["description"]


def test_public_texts_contain_no_internal_words(document: dict[str, Any]) -> None:
    texts = [node["description"] for node in nodes(document) if isinstance(node.get("description"), str)]
    assert [text for text in texts if INTERNAL_WORDS.search(text)] == []
    assert [name for name in document["components"]["schemas"] if re.search("Body$|Nothing", name)] == []


def test_closed_sets_of_words_have_a_type_and_a_name(document: dict[str, Any]) -> None:
    assert [node for node in nodes(document) if "enum" in node and "type" not in node] == []
    schemas = document["components"]["schemas"]
    assert set(schemas["ChargeEventType"]["enum"]) == set(EVENTS)
    assert set(schemas["EventType"]["enum"]) == {*EVENTS, *SESSION_MEANINGS}
    assert set(schemas["ProblemCode"]["enum"]) == set(PROBLEMS)
    for name, field in (("Problem", "code"), ("FailedChargeProblem", "code")):
        assert schemas[name]["properties"][field]["$ref"] == "#/components/schemas/ProblemCode"
    assert schemas["TimelineEntry"]["properties"]["type"]["$ref"] == "#/components/schemas/ChargeEventType"
    for name, field in (("Event", "type"), ("WebhookMessage", "type"), ("WebhookDelivery", "event_type")):
        assert schemas[name]["properties"][field]["$ref"] == "#/components/schemas/EventType"


def test_no_two_named_sets_hold_the_same_words() -> None:
    assert len({frozenset(named.words) for named in NAMED_WORDS.values()}) == len(NAMED_WORDS)


def test_two_types_with_one_public_name_are_refused() -> None:
    one = msgspec.defstruct("TwinBody", [("a", int)])
    other = msgspec.defstruct("Twin", [("b", int)])
    with pytest.raises(ValueError, match="two types are called Twin"):
        component_schemas(requests=(), responses=(one, other))


def test_the_document_names_its_server() -> None:
    assert openapi_document(ROUTES, WEBHOOKS)["servers"][0]["url"] == "/"
    assert (
        openapi_document(ROUTES, WEBHOOKS, server_url="https://pay.example")["servers"][0]["url"]
        == "https://pay.example"
    )


def test_webhook_schema_covers_each_shown_field() -> None:
    assert set(DETAILS) == {field for fields in SHOWN.values() for field in fields}
    assert not set(ABOUT) & set(DETAILS)


REFUND = refunding(400)
LIFE = (created(), captured(), REFUND, refunded(REFUND), disputed())
OBJECTS = {
    family: event_objects(recorded(new_stream(), *LIFE), {version})[version]
    for family, version in (("charge", 2), ("refund", 4), ("dispute", 5))
}


@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_webhook_of_each_event_matches_schema(document: dict[str, Any], golden: Path) -> None:
    name, _, version = golden.stem.rpartition(".v")
    event = CHARGE_EVENTS.decode(name, int(version), golden.read_bytes())
    happened = RecordedEvent(1, 1, new_stream_id(), 1, new_event_id(), event, NOON)
    about = OBJECTS[name.partition(".")[0]]
    message = json.loads(message_body(public_event(happened), about, livemode=False))
    assert_webhook(document, message)


def test_webhooks_of_checkout_sessions_match_the_schema(document: dict[str, Any]) -> None:
    expired = CheckoutSessionExpired(reason="time", expired_at=NOON)
    stream_id = session_stream_of(SESSION)
    events: tuple[CheckoutSessionEvent, ...] = (session_created(), expired)
    stream = [
        RecordedEvent(1, 1, stream_id, version, new_event_id(), event, NOON)
        for version, event in enumerate(events, start=1)
    ]
    assert public_session_event(stream[0]) is None
    told = public_session_event(stream[1])
    assert told is not None
    about = session_objects(stream, {2})[2]
    assert about.status == "expired"
    assert_webhook(document, json.loads(session_message_body(told, about, livemode=False)))
    large = msgspec.structs.replace(about, metadata={"a": "a" * BODY_BYTES_MAX})
    bare = json.loads(session_message_body(told, large, livemode=False))
    assert bare["data"]["object"] is None
    assert_webhook(document, bare)


def assert_webhook(document: dict[str, Any], message: dict[str, Any]) -> None:
    (content,) = document["webhooks"]["event"]["post"]["requestBody"]["content"].values()
    resource = Resource.from_contents(document, default_specification=DRAFT202012)
    Draft202012Validator(
        {"$ref": f"urn:openapi{content['schema']['$ref']}"},
        registry=Registry().with_resource("urn:openapi", resource),
        format_checker=FormatChecker(),
    ).validate(message)
    data = document["components"]["schemas"]["EventData"]
    assert set(data["required"]) <= set(message["data"]) <= set(data["properties"])


def test_only_merchants_operations_ask_for_a_key(document: dict[str, Any]) -> None:
    assert document["security"] == [{"bearer": []}, {"basic": []}]
    assert "security" not in document["paths"]["/v1/charges"]["post"]
    assert document["paths"]["/webhooks/{psp}/{account}"]["post"]["security"] == []


def test_idempotency_key_is_required_where_money_moves(document: dict[str, Any]) -> None:
    for path in (
        "/v1/charges",
        "/v1/charges/{charge_id}/capture",
        "/v1/charges/{charge_id}/cancel",
        "/v1/refunds",
    ):
        parameters = {p["name"]: p for p in document["paths"][path]["post"]["parameters"]}
        assert parameters["Idempotency-Key"]["required"] is True
        assert parameters["Prefer"]["required"] is False


def test_request_body_is_optional_where_no_field_is_required(document: dict[str, Any]) -> None:
    required = {
        path: methods["post"]["requestBody"]["required"]
        for path, methods in document["paths"].items()
        if "post" in methods
    }
    assert {path for path, is_required in required.items() if not is_required} == {
        "/v1/checkout_sessions/{session_id}/expire",
        "/v1/charges/{charge_id}/capture",
        "/v1/charges/{charge_id}/cancel",
        "/v1/webhook_endpoints/{endpoint_id}/rotate_secret",
        "/v1/webhook_endpoints/{endpoint_id}/replay_failed",
        "/v1/webhook_deliveries/{delivery_id}/replay",
    }


def test_each_domain_refusal_is_documented_by_an_operation(document: dict[str, Any]) -> None:
    documented = {
        code for operation in (CAPTURE_CHARGE, CANCEL_CHARGE, CREATE_REFUND) for code in operation.problems
    }
    assert set(get_args(RequestRefusalCode)) <= documented


async def page(path: str) -> Response:
    routes = {route.path: route for route in Docs(ROUTES, WEBHOOKS).routes()}
    return await routes[path].handler(None)  # type: ignore[arg-type]


async def test_the_page_to_read_shows_every_operation_type_and_field(document: dict[str, Any]) -> None:
    html = (await page("/docs")).body.decode()
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in html
    for name, schema in document["components"]["schemas"].items():
        assert f'id="{name}"' in html
        assert all(f"<code>{field}</code>" in html for field in schema.get("properties", ()))


@pytest.mark.parametrize(
    ("path", "entries"),
    [
        ("/docs", {"create_charge", "list_refunds", "receive_event", "healthz", "Charge", "EventType"}),
        ("/docs/errors", set(PROBLEMS)),
        ("/docs/events", set(EVENTS)),
    ],
)
async def test_a_page_has_contents_that_lead_to_each_entry(path: str, entries: set[str]) -> None:
    html = (await page(path)).body.decode()
    contents = html[html.index("<nav") : html.index("</nav>")]
    targets = re.findall(r'href="#([^"]+)"', contents)
    ids = re.findall(r'id="([^"]+)"', html)
    assert len(set(ids)) == len(ids)
    assert set(targets) <= set(ids)
    assert entries <= set(targets)


async def test_links_between_docs_pages_resolve() -> None:
    pages = {path: (await page(path)).body.decode() for path in ("/docs", "/docs/errors", "/docs/events")}
    for path, html in pages.items():
        for target, anchor in re.findall(r'href="([^"#]*)(?:#([^"]+))?"', html):
            if target != "/openapi.json":
                assert not anchor or f'id="{anchor}"' in pages[target or path], (path, target, anchor)


@pytest.mark.parametrize("path", ["/docs", "/docs/errors", "/docs/events"])
async def test_docs_pages_load_no_foreign_content_and_no_script(path: str) -> None:
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
