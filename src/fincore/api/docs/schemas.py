"""JSON schemas of the types that requests and answers are made of, as generators of clients need them. Pure.

msgspec makes the schemas. Added here is what it does not say: which fields a response always has, which texts are times,
public names, and closed sets of words as types of their own. A request's defaults are described in words: generators of
clients take a field with a `default` for one that is always there.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, get_args

import msgspec
from msgspec import inspect

from fincore.domain.events import ChargeStatus, EventType, Operation, RefundOrigin, RefundReason
from fincore.domain.outcome import DeclineAdvice, DisputeStatus, FailureCode, RefundFailureCode
from fincore.domain.payment_method import PaymentMethodType
from fincore.domain.public_session_event import ToldSessionEventType
from fincore.domain.refund import RefundStatus
from fincore.domain.risk_review import ReviewStatus
from fincore.http.problems import ProblemCode
from fincore.notify.delivery_log import DeliveryFailure, DeliveryStatus
from fincore.notify.endpoint import DisabledReason
from fincore.notify.retry_schedule import AttemptError
from fincore.public.attempt_body import ShownAttemptStatus
from fincore.public.event_data import EVENT_SCHEMAS
from fincore.read.ledgerdb.balance_transaction import BalanceTransactionType

Json = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"
_INNER_SUFFIX: Final = "Body"


class NamedWords(NamedTuple):
    """A closed set of words that has a name of its own in the document."""

    words: tuple[str, ...]
    description: str


NAMED_WORDS: Final[Mapping[str, NamedWords]] = MappingProxyType(
    {
        "BalanceTransactionType": NamedWords(
            get_args(BalanceTransactionType), "What moved the merchant's balance."
        ),
        "ChargeFailureCode": NamedWords(
            get_args(FailureCode), "Why a charge, a capture or a cancellation failed. The same for every PSP."
        ),
        "ChargeStatus": NamedWords(
            get_args(ChargeStatus),
            "`processing`: FinCore asks the PSP. `requires_action`: the customer must authenticate or approve. "
            "`authorized`: the bank holds the money. `succeeded`: the PSP took the money. `failed`: no "
            "money moved. `canceled`: the payment was canceled and the hold released. `expired`: the hold "
            "or the time of the customer ran out.",
        ),
        "DeclineAdvice": NamedWords(
            get_args(DeclineAdvice),
            "What may help. `retry_later`: a soft decline; the same card may work later. `ask_customer`: the customer must "
            "do something first. `do_not_retry`: the same request will fail again.",
        ),
        "DisputeStatus": NamedWords(
            get_args(DisputeStatus),
            "`needs_response`: send your evidence at the PSP until `evidence_due_by`. `under_review`: the "
            "bank decides. `won`, `lost`: the bank has decided. `closed`: the dispute ended without a "
            "decision of the bank.",
        ),
        "ChargeEventType": NamedWords(
            get_args(EventType), "What happened to a charge. /docs/events explains each type."
        ),
        "EventType": NamedWords(
            (*get_args(EventType), *get_args(ToldSessionEventType)),
            "What happened. /docs/events explains each type.",
        ),
        "PaymentMethodType": NamedWords(
            get_args(PaymentMethodType),
            "How the customer pays. `card`: with a card behind a token. `paypal`: with a PayPal account, after approving the "
            "payment on PayPal's page. `paypal_vault`: with what the customer let PayPal keep for you. `hosted_card`: with a card that "
            "the customer types in on the PSP's page. `kept_card`: with a card that FinCore keeps for you.",
        ),
        "AttemptStatus": NamedWords(
            get_args(ShownAttemptStatus),
            "Where an attempt at a PSP account stands. `current`: the charge itself says it. `abandoned`: it took no money. "
            "`authorized`, `captured`: the PSP shows later that it holds or took money after all, and FinCore gives it back. "
            "`released`, `reversed`: the money went back. `reversal_failed`: it did not, and the operator looks after it.",
        ),
        "Operation": NamedWords(get_args(Operation), "What FinCore asks a PSP to do with a charge."),
        "ProblemCode": NamedWords(
            get_args(ProblemCode), "What is wrong. /docs/errors explains each code and says what to do."
        ),
        "Reason": NamedWords(get_args(RefundReason), "Why you cancel or refund a charge."),
        "RefundFailureCode": NamedWords(
            get_args(RefundFailureCode), "Why a refund failed. The same for every PSP."
        ),
        "RefundOrigin": NamedWords(
            get_args(RefundOrigin),
            "`merchant`: you requested the refund here. `psp`: it was made at the PSP, such as in its dashboard.",
        ),
        "RefundStatus": NamedWords(
            get_args(RefundStatus),
            "`processing`: FinCore asks the PSP. `pending`: the PSP accepted the refund and will carry it "
            "out. `succeeded`: the PSP sent the money to the customer; the customer's bank can still return "
            "it, and the refund is then `failed`. `failed`: the customer does not get the money, and the "
            "amount can be refunded again.",
        ),
        "ReviewStatus": NamedWords(
            get_args(ReviewStatus),
            "How the review of a charge stands. `open`: the money is held, or is to be, and nothing is captured. `approved`, "
            "`declined`: staff decided, or their time was over. `captured_by_psp`: the PSP took the money although it was asked to "
            "hold it; staff see to it. `closed`: the charge ended before that.",
        ),
        "WebhookAttemptError": NamedWords(
            get_args(AttemptError), "Why your server's answer to an attempt is missing."
        ),
        "WebhookDeliveryFailure": NamedWords(
            get_args(DeliveryFailure),
            "`exhausted`: the schedule ended. `gone`: your server answered 410. `endpoint_disabled`: the endpoint was "
            "disabled before the delivery arrived.",
        ),
        "WebhookDeliveryStatus": NamedWords(
            get_args(DeliveryStatus),
            "`pending`: FinCore will send it, or send it again. `delivered`: your server answered 2xx. `failed`: "
            "FinCore does not send it again unless you replay it.",
        ),
        "WebhookDisabledReason": NamedWords(
            get_args(DisabledReason),
            "`by_merchant`: you disabled the endpoint. `gone`: your server answered 410. `failing`: your server "
            "accepted nothing during the whole schedule of a delivery.",
        ),
    }
)
"""Public name -> the words. A field that takes exactly these words refers to the name."""

_NAME_OF_WORDS: Final = {frozenset(named.words): name for name, named in NAMED_WORDS.items()}


def public_name(shape: type) -> str:
    """The name of a type in the document: its own, without the suffix that tells bodies from domain types."""
    return shape.__name__.removesuffix(_INNER_SUFFIX)


def reference(shape: type) -> Json:
    """A schema that refers to a type's."""
    return {"$ref": _REF.format(name=public_name(shape))}


def words_reference(name: str) -> Json:
    """A schema that refers to the words with a name. Raises `KeyError` where there is no such name."""
    if name not in NAMED_WORDS:
        raise KeyError(name)
    return {"$ref": _REF.format(name=name)}


def component_schemas(*, requests: Iterable[type], responses: Iterable[type]) -> Json:
    """The schema of each type, of those inside it, of `NAMED_WORDS` and `EVENT_SCHEMAS`, by public name.

    Raises `ValueError` where two types have one public name.
    """
    return dict(_component_schemas(tuple(requests), tuple(responses)))


@cache  # 0.1 s of CPU, for every application that a process builds
def _component_schemas(requests: tuple[type, ...], responses: tuple[type, ...]) -> Json:
    in_requests, in_responses = _structs(requests), _structs(responses)
    schemas: Json = {
        name: {"description": named.description, "type": "string", "enum": list(named.words)}
        for name, named in NAMED_WORDS.items()
    } | dict(EVENT_SCHEMAS)
    structs: dict[str, inspect.StructType] = {}
    for struct in (in_requests | in_responses).values():
        name = public_name(struct.cls)
        if name in schemas or name in structs:
            raise ValueError(f"two types are called {name} in the OpenAPI document; rename one of them")
        structs[name] = struct
    _, raw = msgspec.json.schema_components([struct.cls for struct in structs.values()], ref_template=_REF)
    for name, struct in structs.items():
        schemas[name] = _object(raw[struct.cls.__name__], struct, is_response=struct.cls in in_responses)
    return dict(sorted(schemas.items()))


def _structs(shapes: Iterable[type]) -> dict[type, inspect.StructType]:
    """The types and all that are inside them."""
    return {struct.cls: struct for shape in shapes for struct in _structs_in(inspect.type_info(shape))}


def _structs_in(shape: inspect.Type) -> Iterator[inspect.StructType]:
    match shape:
        case inspect.StructType(fields=fields):
            yield shape
            for field in fields:
                yield from _structs_in(field.type)
        case inspect.Metadata(type=inner):
            yield from _structs_in(inner)
        case inspect.UnionType(types=types):
            for one in types:
                yield from _structs_in(one)
        case inspect.CollectionType(item_type=item):
            yield from _structs_in(item)
        case inspect.DictType(value_type=value):
            yield from _structs_in(value)
        case _:
            pass


def _object(raw: Json, struct: inspect.StructType, *, is_response: bool) -> Json:
    properties: Json = {}
    required: list[str] = []
    if struct.tag_field is not None:
        properties[struct.tag_field] = {
            "description": "The kind of object that this is.",
            "type": "string",
            "const": struct.tag,
        }
        required.append(struct.tag_field)
    for field in struct.fields:
        described = _hoisted(_refined(raw["properties"][field.encode_name], field.type))
        default = described.pop("default", None)
        if not is_response and default not in (None, {}, []):
            words = f"Default: `{msgspec.json.encode(default).decode()}`."
            described["description"] = f"{described.get('description', '')} {words}".strip()
        properties[field.encode_name] = described
    # A response has every field, but for those that its type may leave out (`UnsetType`): these have no default.
    required += [
        field.encode_name
        for field in struct.fields
        if field.required
        or (is_response and (field.default, field.default_factory) != (msgspec.NODEFAULT, msgspec.NODEFAULT))
    ]
    schema: Json = {"description": raw["description"], "type": "object", "properties": properties}
    if required:
        schema["required"] = required
    match getattr(struct.cls, "EXACTLY_ONE_OF", None):
        case (one, other):
            # Not `oneOf`: generators of clients make a union of types of it.
            schema |= {
                "if": {"properties": {one: True}, "required": [one]},
                "then": {"properties": {other: False}},
                "else": {"properties": {other: True}, "required": [other]},
            }
        case _:
            pass
    if "additionalProperties" in raw:
        schema["additionalProperties"] = raw["additionalProperties"]
    return schema


def _refined(raw: Json, shape: inspect.Type) -> Json:
    """A schema of msgspec, with what the type says beside it."""
    if "$ref" in raw and isinstance(shape, inspect.DictType):
        return {
            key: raw[key] for key in ("$ref", "description") if key in raw
        }  # a field that names its schema
    match shape:
        case inspect.Metadata(type=inner):
            return _refined(raw, inner)
        case inspect.StructType(cls=cls):
            return {**raw, **reference(cls)}
        case inspect.DateTimeType():
            return {**raw, "format": "date-time"}
        case inspect.LiteralType(values=values):
            return _words(raw, values)
        case inspect.CollectionType(item_type=item):
            return {**raw, "items": _refined(raw["items"], item)}
        case inspect.DictType(value_type=value) if "additionalProperties" in raw:
            return {**raw, "additionalProperties": _refined(raw["additionalProperties"], value)}
        case inspect.UnionType(types=types):
            return _union(raw, types)
        case _:
            return raw


def _words(raw: Json, values: tuple[Any, ...]) -> Json:
    rest = {key: value for key, value in raw.items() if key != "enum"}
    name = _NAME_OF_WORDS.get(frozenset(values))
    if name is not None:
        return {**rest, "$ref": _REF.format(name=name)}
    if len(values) == 1:
        return {**rest, "type": "string", "const": values[0]}
    return {**rest, "type": "string", "enum": list(raw["enum"])}


def _union(raw: Json, types: tuple[inspect.Type, ...]) -> Json:
    """A choice. `X or null` of a plain X is one schema with two types.

    msgspec allows one type of each JSON kind, or several types of object told apart by their tag.
    """
    if "discriminator" in raw:
        return raw
    by_kind = {_json_kind(one): one for one in types}
    options = [
        _refined(option, by_kind[kind]) if (kind := _kind_of_schema(option)) in by_kind else option
        for option in raw["anyOf"]
    ]
    rest = {key: value for key, value in raw.items() if key != "anyOf"}
    plain = [option for option in options if option != {"type": "null"}]
    if len(plain) == 1 and len(options) == 2 and "type" in plain[0] and "enum" not in plain[0]:  # noqa: PLR2004 -- X and null
        return {**plain[0], **rest, "type": [plain[0]["type"], "null"]}
    return {**rest, "anyOf": options}


def _json_kind(shape: inspect.Type) -> str:
    match shape:
        case inspect.Metadata(type=inner):
            return _json_kind(inner)
        case inspect.StructType() | inspect.DictType():
            return "object"
        case inspect.CollectionType():
            return "array"
        case inspect.StrType() | inspect.DateTimeType() | inspect.LiteralType():
            return "string"
        case _:
            return type(shape).__name__


def _kind_of_schema(schema: Json) -> Literal["object", "array", "string"] | None:
    if "$ref" in schema or schema.get("type") == "object":
        return "object"
    if "enum" in schema or schema.get("type") == "string":
        return "string"
    return "array" if schema.get("type") == "array" else None


def _hoisted(schema: Json) -> Json:
    """A field's description beside its choice, where msgspec put it into the only option that has one."""
    if "description" in schema:
        return schema
    described = [option for option in schema.get("anyOf", ()) if "description" in option]
    if len(described) != 1:
        return schema
    options = [
        {key: value for key, value in option.items() if key != "description"} for option in schema["anyOf"]
    ]
    return {**schema, "description": described[0]["description"], "anyOf": options}
