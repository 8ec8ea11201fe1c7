"""One list operation: it accepts what it documents, and cuts pages by the id of the last entry."""

import json
from typing import Any, cast

import msgspec
import pytest

from fincore.api.charges.openapi import LIST_CHARGES
from fincore.domain.ids import ApiKeyId, MerchantId, new_request_id
from fincore.http.cursor import read_cursor
from fincore.http.exchange import Call
from fincore.http.list_filters import CHARGE, status_filter
from fincore.http.list_operation import CREATED, ListOperation
from fincore.http.list_query import ListQuery
from fincore.http.openapi import Parameter
from fincore.http.problems import Problem
from fincore.http.rate_limit import RateLimiter
from fincore.write.merchants.api_key import Principal
from fincore.write.merchants.api_keys import ApiKeys

PRINCIPAL = Principal(
    merchant_id=MerchantId("mer_1"), livemode=False, kind="secret", key_id=ApiKeyId("key_1"), fee_plans={}
)
AMOUNT = Parameter(
    name="amount", place="query", description="", schema={}, is_deep_object=True, has_plain_form=True
)
LABELS = Parameter(name="labels", place="query", description="", schema={}, is_deep_object=True)


class Thing(msgspec.Struct):
    id: str


class ThingList(msgspec.Struct, kw_only=True):
    data: list[Thing]
    has_more: bool
    next_cursor: str | None


LIST = ListOperation(
    "small things",
    tag="Things",
    description="Lists things.",
    filters=(CHARGE, status_filter("things", {}), AMOUNT, CREATED, LABELS),
    parse_id=str,
    body=ThingList,
    problems=("charge_not_found",),
)


class Keys:
    async def authenticate(self, presented: str) -> Principal | None:
        return PRINCIPAL if presented == "sk_1" else None


async def ask(query: bytes, found: list[str], *, has_more: bool = False) -> tuple[ListQuery[str], Any]:
    """What the list was asked for by a query, and the body of its response."""
    queries: list[ListQuery[str]] = []

    async def find(principal: Principal, asked: ListQuery[str]) -> tuple[list[Thing], bool]:
        assert principal is PRINCIPAL
        queries.append(asked)
        return [Thing(one) for one in found], has_more

    call = Call(
        {
            "method": "GET",
            "path": "/v1/things",
            "query_string": query,
            "headers": [(b"authorization", b"Bearer sk_1")],
            "client": None,
        },
        cast("Any", None),
        path="/v1/things",
        parameters={},
        request_id=new_request_id(),
        body_seconds_max=1.0,
        limiter=RateLimiter(live_per_second=1, test_per_second=1),
        place=None,
    )
    response = await LIST.respond(call, cast("ApiKeys", Keys()), find)
    assert response.status == 200
    return queries[0], json.loads(response.body)


def test_list_documents_its_parameters_in_order() -> None:
    operation = LIST.operation
    assert [one.name for one in operation.parameters] == [
        "limit",
        "cursor",
        "charge",
        "status",
        "amount",
        "created",
        "labels",
    ]
    assert (operation.operation_id, operation.summary) == ("list_small_things", "List small things")
    assert operation.problems == (
        "parameter_invalid",
        "parameter_unknown",
        "cursor_invalid",
        "charge_not_found",
    )


async def test_cursor_of_a_page_leads_on_from_its_last_entry() -> None:
    _, body = await ask(b"", ["th_1", "th_2"], has_more=True)
    assert ([one["id"] for one in body["data"]], body["has_more"]) == (["th_1", "th_2"], True)
    assert read_cursor(body["next_cursor"], PRINCIPAL, str) == "th_2"


@pytest.mark.parametrize("found", [[], ["th_1"]])
async def test_last_page_has_no_cursor(found: list[str]) -> None:
    _, body = await ask(b"", found)
    assert (len(body["data"]), body["has_more"], body["next_cursor"]) == (len(found), False, None)


async def test_query_reaches_the_list_as_documented() -> None:
    query, _ = await ask(
        b"limit=3&charge=ch_1&status=a,b&amount=5&amount[gte]=1&labels[x]=y&created[gt]=2026-01-01T00:00:00Z",
        [],
    )
    assert (query.limit, query.after_id) == (3, None)
    assert query.created_from is not None
    assert query.filters == {
        "charge": "ch_1",
        "status": "a,b",
        "amount": "5",
        "amount[gte]": "1",
        "labels[x]": "y",
    }


@pytest.mark.parametrize(
    "name", ["labels", "status[x]", "created", "created[x]", "limit[x]", "page", "labels[]"]
)
async def test_parameter_that_is_not_documented_is_refused(name: str) -> None:
    with pytest.raises(Problem) as refused:
        await ask(f"{name}=1".encode(), [])
    assert (refused.value.code, refused.value.param) == ("parameter_unknown", name)
    assert "amount[...]" in refused.value.detail
    assert "created[gte]" in refused.value.detail


def test_charges_may_be_filtered_by_one_exact_amount() -> None:
    (amount,) = [one for one in LIST_CHARGES.operation.parameters if one.name == "amount_minor"]
    assert (amount.is_deep_object, amount.has_plain_form) == (True, True)
