"""What a merchant is told about a body that does not fit, in the words of JSON."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from fincore.api.webhook_endpoints.requests import (
    FailedDeliveriesReplayRequest,
    SecretRotationRequest,
    WebhookEndpointRequest,
    WebhookEndpointUpdateRequest,
    check_request,
)
from fincore.http.json_body import decode_body
from fincore.http.problems import Problem
from fincore.write.payments.charge_request import ChargeRequest
from fincore.write.payments.operation_request import CancelRequest, CaptureRequest, RefundRequest

CHARGE: Final = {"amount_minor": 1, "currency": "usd", "payment_method": "pm_1"}


def problem(shape: type[Any], body: object) -> Problem:
    with pytest.raises(Problem) as refused:
        decode_body(msgspec.json.Decoder(shape), msgspec.json.encode(body))
    return refused.value


WRONG = {
    "a string for a number": (
        ChargeRequest,
        {**CHARGE, "amount_minor": "100"},
        "amount_minor",
        "amount_minor must be a whole number, not a string.",
    ),
    "a fraction": (
        ChargeRequest,
        {**CHARGE, "amount_minor": 1.5},
        "amount_minor",
        "amount_minor must be a whole number, not a number with a fraction or an exponent.",
    ),
    "a number for a text that may be null": (
        ChargeRequest,
        {**CHARGE, "description": 7},
        "description",
        "description must be a string or null, not a whole number.",
    ),
    "too long a text": (
        ChargeRequest,
        {**CHARGE, "description": "x" * 1001},
        "description",
        "description must have 1000 or fewer characters.",
    ),
    "too many entries": (
        ChargeRequest,
        {**CHARGE, "metadata": {str(n): "" for n in range(51)}},
        "metadata",
        "metadata must have 50 or fewer entries.",
    ),
    "a value of metadata": (
        ChargeRequest,
        {**CHARGE, "metadata": {"order": 1}},
        "metadata",
        "A value in metadata must be a string, not a whole number.",
    ),
    "no boolean": (
        ChargeRequest,
        {**CHARGE, "capture": "yes"},
        "capture",
        "capture must be true or false, not a string.",
    ),
    "no object": (ChargeRequest, [], None, "The body must be an object, not an array."),
    "a reason of a cancellation": (
        CancelRequest,
        {"reason": "bored"},
        "reason",
        "reason must be one of duplicate, fraudulent, requested_by_customer.",
    ),
    "a reason that may be null": (
        RefundRequest,
        {"charge": "ch_1", "reason": "bored"},
        "reason",
        "reason must be one of duplicate, fraudulent, requested_by_customer.",
    ),
    "a status that may be left out": (
        WebhookEndpointUpdateRequest,
        {"status": "gone"},
        "status",
        "status must be one of disabled, enabled.",
    ),
    "too few entries": (
        WebhookEndpointRequest,
        {"url": "", "event_types": []},
        "event_types",
        "event_types must have 1 or more entries.",
    ),
    "an entry": (
        WebhookEndpointRequest,
        {"url": "", "event_types": ["*", 5]},
        "event_types[1]",
        "event_types[1] must be a string, not a whole number.",
    ),
    "no time": (
        FailedDeliveriesReplayRequest,
        {"created_from": "yesterday"},
        "created_from",
        "created_from must be an RFC 3339 time with its offset, such as 2026-01-31T12:00:00Z.",
    ),
    "a time without an offset": (
        FailedDeliveriesReplayRequest,
        {"created_from": "2026-01-01T00:00:00"},
        "created_from",
        "created_from must be an RFC 3339 time with its offset, such as 2026-01-31T12:00:00Z.",
    ),
}


@pytest.mark.parametrize(("shape", "body", "param", "detail"), WRONG.values(), ids=WRONG)
def test_field_problem_is_described_in_json_terms(
    shape: type[Any], body: object, param: str | None, detail: str
) -> None:
    found = problem(shape, body)
    assert (found.code, found.param, found.detail) == ("field_invalid", param, detail)


@pytest.mark.parametrize("body", [CHARGE, {"charge": "ch_1"}, {}], ids=["charge", "refund", "capture"])
@pytest.mark.parametrize(
    ("amount_minor", "code", "detail"),
    [
        (0, "amount_too_small", "amount_minor must be 1 or more."),
        (-(10**30), "amount_too_small", "amount_minor must be 1 or more."),
        (10**15, "amount_too_large", "amount_minor must be 999999999999999 or less."),
        (10**30, "amount_too_large", "amount_minor must be 999999999999999 or less."),
    ],
)
def test_an_amount_beyond_its_bounds_has_a_code_of_its_own(
    body: dict[str, Any], amount_minor: int, code: str, detail: str
) -> None:
    shape = ChargeRequest if body is CHARGE else RefundRequest if body else CaptureRequest
    found = problem(shape, {**body, "amount_minor": amount_minor})
    assert (found.code, found.param, found.detail) == (code, "amount_minor", detail)


@given(st.dictionaries(st.text(), st.text()), st.data())
def test_metadata_is_taken_if_and_only_if_no_name_comes_twice(
    metadata: dict[str, str], data: st.DataObject
) -> None:
    decoder = msgspec.json.Decoder(dict[str, dict[str, str]])
    pairs = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in metadata.items()]
    assert decode_body(decoder, f'{{"metadata": {{{", ".join(pairs)}}}}}'.encode()) == {"metadata": metadata}
    if metadata:
        again = json.dumps(
            data.draw(st.sampled_from(sorted(metadata))), ensure_ascii=data.draw(st.booleans())
        )
        pairs.insert(data.draw(st.integers(0, len(pairs))), f'{again} : ":"')
        with pytest.raises(Problem) as refused:
            decode_body(decoder, f'{{"metadata": {{{", ".join(pairs)}}}}}'.encode())
        assert refused.value.code == "field_repeated"


@pytest.mark.parametrize(
    "body", ['{"a":{"b":{"c":[{"d":"","d":""}]}}}', '[{"a":"","a":""}]', '{"":"","":""}']
)
def test_a_field_named_twice_is_refused_at_any_depth(body: str) -> None:
    with pytest.raises(Problem) as refused:
        decode_body(msgspec.json.Decoder(), body.encode())
    assert refused.value.code == "field_repeated"


def unbounded_strings(kind: inspect.Type, place: str) -> Iterator[str]:
    """Where a shape takes a string of any length."""
    match kind:
        case inspect.StructType():
            for field in kind.fields:
                yield from unbounded_strings(field.type, f"{place}.{field.name}")
        case inspect.UnionType():
            for one in kind.types:
                yield from unbounded_strings(one, place)
        case inspect.VarTupleType() | inspect.ListType():
            yield from unbounded_strings(kind.item_type, f"{place}[]")
        case inspect.DictType():
            yield from unbounded_strings(kind.key_type, f"{place} key")
            yield from unbounded_strings(kind.value_type, f"{place} value")
        case inspect.StrType(max_length=None):
            yield place
        case inspect.Metadata():
            yield from unbounded_strings(kind.type, place)


def test_every_string_of_a_request_is_bounded_where_it_is_read() -> None:
    shapes = (
        ChargeRequest, CaptureRequest, CancelRequest, RefundRequest, WebhookEndpointRequest, WebhookEndpointUpdateRequest,
        SecretRotationRequest, FailedDeliveriesReplayRequest,
    )  # fmt: skip
    found = {
        place for shape in shapes for place in unbounded_strings(inspect.type_info(shape), shape.__name__)
    }
    # Metadata names the pair at fault, and a URL has an error of its own: both check lengths first, as their tests show.
    assert found == {
        "ChargeRequest.metadata key",
        "ChargeRequest.metadata value",
        "RefundRequest.metadata key",
        "RefundRequest.metadata value",
        "WebhookEndpointRequest.url",
        "WebhookEndpointUpdateRequest.url",
    }


def test_a_long_url_of_an_endpoint_is_refused_unsearched(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []
    monkeypatch.setattr("fincore.api.webhook_endpoints.requests.holds_card_number", searched.append)
    with pytest.raises(Problem) as refused:
        check_request(WebhookEndpointRequest(url="https://" + "4 " * 30_000), allow_loopback=False)
    assert (refused.value.code, searched) == ("webhook_url_not_allowed", [])


def test_a_long_name_of_an_unknown_field_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    matched: list[str] = []
    for pattern in ("_UNKNOWN", "_MISSING", "_INVALID"):
        monkeypatch.setattr(f"fincore.http.json_body.{pattern}", SimpleNamespace(fullmatch=matched.append))
    found = problem(ChargeRequest, {**CHARGE, "` - at `$" * 6_000: 1})
    assert (found.code, found.param, matched) == ("field_unknown", None, [])


def test_card_number_in_enum_field_is_not_repeated() -> None:
    assert "4242" not in problem(CancelRequest, {"reason": "4242424242424242"}).detail
    assert "4242" not in problem(RefundRequest, {"charge": "ch_1", "reason": "4242 4242 4242 4242"}).detail
