"""Stripe's search language, as far as payment intents have fields: `metadata['k']:'v' AND amount>1000`."""

import operator
import re
from collections.abc import Callable, Iterable
from itertools import islice

import msgspec

from psp_sandbox.stripe.errors import invalid_request
from psp_sandbox.stripe.wire import PaymentIntent, SearchPage

MAX_CLAUSES = 10
MAX_LIMIT = 100

Test = Callable[[PaymentIntent], bool]

_CLAUSE = re.compile(
    r"""\s*(?P<negated>-)?(?P<field>\w+)(?:\[(?P<quote>["'])(?P<key>[^"']+)(?P=quote)\])?\s*"""
    r"""(?P<operator>:|>=|<=|>|<)\s*(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\d+|null)\s*"""
)
_JOINT = re.compile(r"(AND|OR)\b", re.IGNORECASE)
_COMPARE = {":": operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
NUMERIC_FIELDS = frozenset({"amount", "created"})
TEXT_FIELDS = frozenset({"currency", "customer", "status"})


class SearchParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """GET /v1/payment_intents/search."""

    query: str
    limit: int = 10
    page: str | None = None
    expand: list[str] = []


class Query(msgspec.Struct, frozen=True):
    """A compiled query. `metadata`: a pair every match has, where the query asks for one; an index can start there."""

    test: Test
    metadata: tuple[str, str] | None


def search_page(
    matches: Iterable[PaymentIntent], wanted: SearchParameters, *, show: Callable[[PaymentIntent], object]
) -> SearchPage:
    """The asked-for page of what matches. `page` is the id of the last intent of the page before. Raises Refusal."""
    if not 1 <= wanted.limit <= MAX_LIMIT:
        raise invalid_request(f"Limit must be between 1 and {MAX_LIMIT}.", param="limit")
    rest = iter(matches)
    if wanted.page and all(intent.id != wanted.page for intent in rest):
        raise invalid_request("Invalid page.", param="page")
    found = list(islice(rest, wanted.limit + 1))
    shown, has_more = found[: wanted.limit], len(found) > wanted.limit
    return SearchPage(
        data=tuple(show(intent) for intent in shown),
        has_more=has_more,
        next_page=shown[-1].id if has_more else None,
        url="/v1/payment_intents/search",
    )


def compile_query(query: str) -> Query:
    """The query as a predicate. Raises Refusal: not in the language, or AND mixed with OR, which Stripe refuses."""
    clauses: list[re.Match[str]] = []
    joints: set[str] = set()
    at = 0
    while True:
        clause = _CLAUSE.match(query, at)
        if clause is None or len(clauses) == MAX_CLAUSES:
            raise _unreadable(query, at)
        clauses.append(clause)
        at = clause.end()
        if at == len(query):
            break
        joint = _JOINT.match(query, at)
        # A space between two clauses means AND.
        joints.add("AND" if joint is None else joint[1].upper())
        at = at if joint is None else joint.end()
    if len(joints) > 1:
        raise invalid_request("You can't mix AND and OR in one query.", param="query")
    tests = [_test(clause) for clause in clauses]
    if joints == {"OR"}:
        return Query(test=lambda intent: any(test(intent) for test in tests), metadata=None)
    pairs = ((clause["key"], _value(clause)) for clause in clauses if clause["key"] and not clause["negated"])
    pair = next(((key, value) for key, value in pairs if value is not None), None)
    return Query(test=lambda intent: all(test(intent) for test in tests), metadata=pair)


def _value(clause: re.Match[str]) -> str | None:
    raw: str = clause["value"]
    if raw == "null":
        return None
    return re.sub(r"\\(.)", r"\1", raw[1:-1]) if raw[0] in "\"'" else raw


def _test(clause: re.Match[str]) -> Test:
    field, key, compare = clause["field"], clause["key"], _COMPARE[clause["operator"]]
    value = _value(clause)
    test: Test
    if field == "metadata" and key is not None and clause["operator"] == ":":
        test = lambda intent: intent.metadata.get(key) == value  # noqa: E731 - one predicate a kind of field
    elif field in NUMERIC_FIELDS and key is None and value is not None and value.isdecimal():
        number = int(value)
        test = lambda intent: compare(getattr(intent, field), number)  # noqa: E731 - as above
    elif field in TEXT_FIELDS and key is None and clause["operator"] == ":":
        test = lambda intent: getattr(intent, field) == value  # noqa: E731 - as above
    else:
        raise invalid_request(f"Field `{field[:40]}` cannot be searched like this.", param="query")
    return (lambda intent: not test(intent)) if clause["negated"] else test


def _unreadable(query: str, at: int) -> Exception:
    return invalid_request(
        f"We were unable to parse your search query at character {at}: {query[:200]}", param="query"
    )
