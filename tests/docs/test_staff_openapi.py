"""The OpenAPI document of staff: kept in docs as the code makes it, and complete."""

import json
import re
from typing import Final

from docs.staff_openapi import DOCUMENT, document_text
from fincore.staff.access.admission import StaffRoute
from fixtures.staff_routes import staff_routes


def test_document_of_staff_is_what_the_code_makes() -> None:
    assert DOCUMENT.read_text() == document_text(), "run .venv/bin/python tests/docs/staff_openapi.py"


def test_every_route_of_staff_names_a_permission() -> None:
    routes = staff_routes()
    assert len(routes) >= 2
    assert all(isinstance(route, StaffRoute) for route in routes)
    ids = [route.operation.operation_id for route in routes]
    assert len(set(ids)) == len(ids)


def test_every_field_and_object_for_staff_is_described() -> None:
    schemas = json.loads(document_text())["components"]["schemas"]
    for name, schema in schemas.items():
        assert schema.get("description"), name
        for field, described in schema.get("properties", {}).items():
            assert described.get("description"), f"{name}.{field}"


READS_BY_POST: Final = {
    "/staff/v1/searches",
    "/staff/v1/charges/searches",
    "/staff/v1/charges/totals",
    "/staff/v1/risk_lists/searches",
    "/staff/v1/risk_rules/back_tests",
    "/staff/v1/risk_rules/checks",
    "/staff/v1/risk_rules/comparisons",
    "/staff/v1/routing_rules/checks",
    "/staff/v1/routing_rules/simulations",
}
"""They change nothing, and have a body because what they ask for is personal data, or long."""


def test_acts_of_staff_need_a_key_and_a_reason() -> None:
    document = json.loads(document_text())
    assert document["paths"].keys() >= READS_BY_POST
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in ("post", "delete") and path not in READS_BY_POST:
                where = f"{method} {path}"
                headers = {
                    one["name"]: one["required"] for one in operation["parameters"] if one["in"] == "header"
                }
                assert headers.get("Idempotency-Key") is True, where
                schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
                name = re.sub(".*/", "", schema)
                assert "reason" in document["components"]["schemas"][name]["required"], where
