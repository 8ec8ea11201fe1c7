"""Stripe's search language, for objects with certain fields: `metadata['k']:'v' AND amount>1000`."""

import operator
import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Generic, TypeVar

import msgspec

from psp_sandbox.stripe.errors import invalid_request
from psp_sandbox.stripe.metadata_index import Described, MetadataIndex
from psp_sandbox.stripe.wire import SearchPage

MAX_CLAUSES = 10
MAX_LIMIT = 100

D = TypeVar("D", bound=Described)
Test = Callable[[D], bool]

_CLAUSE = re.compile(
    r"""\s*(?P<negated>-)?(?P<field>[\w.]+)(?:\[(?P<quote>["'])(?P<key>[^"']+)(?P=quote)\])?\s*"""
    r"""(?P<operator>:|>=|<=|>|<)\s*(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\d+|null|true|false)\s*"""
)
_JOINT = re.compile(r"(AND|OR)\b", re.IGNORECASE)
_COMPARE = {":": operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


class Searchable(msgspec.Struct, Generic[D], frozen=True, kw_only=True):
    """Which fields one kind of object can be searched by, beside its metadata, and how they are read.

    Numbers are compared; texts are matched whole.
    """

    numbers: dict[str, Callable[[D], int]]
    texts: dict[str, Callable[[D], str | None]]


class SearchParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """GET /v1/payment_intents/search and /v1/charges/search."""

    query: str
    limit: int = 10
    page: str | None = None
    expand: list[str] = []


class Query(msgspec.Struct, Generic[D], frozen=True):
    """A compiled query. `metadata`: a pair every match has, where the query asks for one; an index can start there."""

    test: Test[D]
    metadata: tuple[str, str] | None

    def matches(self, account: str, index: MetadataIndex[D], newest_first: Iterable[D]) -> Iterable[D]:
        """The account's objects that match, newest first; by the index where it helps."""
        found = None if self.metadata is None else index.find(account, *self.metadata)
        return filter(self.test, newest_first if found is None else found)


def search_page(
    matches: Iterable[D], wanted: SearchParameters, *, url: str, show: Callable[[D], object]
) -> SearchPage:
    """The asked-for page of what matches. `page` is the id of the last object of the page before. Raises Refusal."""
    if not 1 <= wanted.limit <= MAX_LIMIT:
        raise invalid_request(f"Limit must be between 1 and {MAX_LIMIT}.", param="limit")
    rest = iter(matches)
    if wanted.page and all(one.id != wanted.page for one in rest):
        raise invalid_request("Invalid page.", param="page")
    found = list(islice(rest, wanted.limit + 1))
    shown, has_more = found[: wanted.limit], len(found) > wanted.limit
    return SearchPage(
        data=tuple(show(one) for one in shown),
        has_more=has_more,
        next_page=shown[-1].id if has_more else None,
        url=url,
    )


def compile_query(query: str, kind: Searchable[D]) -> Query[D]:
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
    tests = [_test(clause, kind) for clause in clauses]
    if joints == {"OR"}:
        return Query(test=lambda one: any(test(one) for test in tests), metadata=None)
    pairs = ((clause["key"], _value(clause)) for clause in clauses if clause["key"] and not clause["negated"])
    pair = next(((key, value) for key, value in pairs if value is not None), None)
    return Query(test=lambda one: all(test(one) for test in tests), metadata=pair)


def _value(clause: re.Match[str]) -> str | None:
    raw: str = clause["value"]
    if raw == "null":
        return None
    return re.sub(r"\\(.)", r"\1", raw[1:-1]) if raw[0] in "\"'" else raw


def _test(clause: re.Match[str], kind: Searchable[D]) -> Test[D]:
    field, key, compare = clause["field"], clause["key"], _COMPARE[clause["operator"]]
    value = _value(clause)
    test: Test[D]
    if field == "metadata" and key is not None and clause["operator"] == ":":
        test = lambda one: one.metadata.get(key) == value  # noqa: E731 - one predicate a kind of field
    elif field in kind.numbers and key is None and value is not None and value.isdecimal():
        amount, number = kind.numbers[field], int(value)
        test = lambda one: compare(amount(one), number)  # noqa: E731 - as above
    elif field in kind.texts and key is None and clause["operator"] == ":":
        text = kind.texts[field]
        test = lambda one: text(one) == value  # noqa: E731 - as above
    else:
        raise invalid_request(f"Field `{field[:40]}` cannot be searched like this.", param="query")
    return (lambda one: not test(one)) if clause["negated"] else test


def _unreadable(query: str, at: int) -> Exception:
    return invalid_request(
        f"We were unable to parse your search query at character {at}: {query[:200]}", param="query"
    )
