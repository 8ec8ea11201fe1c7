"""Which index a list of charges for staff walks, and what is asked of each charge that it comes by.

The filter that fewest charges pass leads, by the order of `LEADS`: its index is walked. The others are asked of at most
`LOOKED_AT_MAX` charges a page, and of half as many where a term leads.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.events import ChargeStatus
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.risk_review import ReviewStatus
from fincore.postgres.named_sql import load_sql
from fincore.read.page import one_of
from fincore.read.paymentdb import staff_lists
from fincore.read.paymentdb.search_terms import TermKind, as_term
from fincore.read.paymentdb.staff_lists import Arguments, Condition, Place, Scope

_SQL = load_sql("fincore.read.paymentdb", "staff_charge_queries.sql")

Lead = Literal["reference", "email", "metadata", "review", "unknown", "disputed", "last4", "amount", "status"]

LEADS: Final[tuple[Lead, ...]] = (
    "reference",
    "email",
    "metadata",
    "review",
    "unknown",
    "disputed",
    "last4",
    "amount",
    "status",
)
"""The filters with an index of their own, the narrowest first; without any of them the list itself is walked."""


class Wanted(NamedTuple):
    """A term that is looked for, whole or by how it begins."""

    text: str
    is_prefix: bool = False


class StaffChargeFilters(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of charges; a filter left None, or empty, does not filter.

    `created_from` and the amounts are inclusive, `created_before` exclusive. `reference` is an id at a PSP of the payment, of a
    part of it, of a refund or of a dispute; `metadata_value` is a value under any key. `unknown`: what became of the pending
    operation of the charge itself is not known.
    """

    statuses: tuple[ChargeStatus, ...] = ()
    amount_from_minor: int | None = None
    amount_to_minor: int | None = None
    currencies: tuple[Currency, ...] = ()
    created_from: datetime | None = None
    created_before: datetime | None = None
    psp: PspName | None = None
    psp_account: PspAccount | None = None
    brand: str | None = None
    last4: str | None = None
    email: Wanted | None = None
    reference: Wanted | None = None
    metadata_value: Wanted | None = None
    metadata: dict[str, str] = {}
    disputed: bool | None = None
    unknown: bool | None = None
    review: ReviewStatus | None = None

    @property
    def lead(self) -> Lead | None:
        """The filter that leads."""
        given: dict[Lead, bool] = {
            "reference": self.reference is not None,
            "email": self.email is not None,
            "metadata": self.metadata_value is not None or any(self.metadata.values()),
            "review": self.review is not None,
            "unknown": self.unknown is True,
            "disputed": self.disputed is True,
            "last4": self.last4 is not None,
            "amount": self.amount_from_minor is not None and self.amount_from_minor == self.amount_to_minor,
            "status": len(self.statuses) == 1,
        }
        return next((lead for lead in LEADS if given[lead]), None)

    @property
    def leading_term(self) -> tuple[TermKind, Wanted] | None:
        """The term that leads; None where another filter does, or none."""
        if self.reference is not None:
            return "reference", self.reference
        if self.email is not None:
            return "email", self.email
        if self.metadata_value is not None:
            return "metadata", self.metadata_value
        # Of several pairs the longest value: the fewest charges have it, as a rule.
        values = [value for value in self.metadata.values() if value]
        return ("metadata", Wanted(max(values, key=len))) if values else None


class Walk(NamedTuple):
    """What a list walks: `terms` are those that the leading one stands for; None where no term leads."""

    scope: Scope
    filters: StaffChargeFilters
    terms: tuple[str, ...] | None
    after: Place | None = None

    @property
    def walks(self) -> int:
        """How many indexes, or parts of one, are walked side by side."""
        if self.terms is not None:
            return len(self.terms)
        return 1 if self.scope.merchants is None else len(self.scope.merchants)

    @property
    def is_narrowed(self) -> bool:
        """Whether some charges that it comes by may be left out."""
        return any(value is not None for _, value in self._asked())

    @property
    def looks_max(self) -> int:
        """How many charges each walk looks at, at most."""
        # What a term leads to lies all over the table: each charge is a descent of its own.
        if self.terms is None:
            return max(staff_lists.LOOKED_AT_MAX // max(self.walks, 1), 1)
        # The newest of a term in some merchants are chosen from as many of each.
        parts = self.walks * (1 if self.scope.merchants is None else len(self.scope.merchants))
        return max(staff_lists.LOOKED_AT_MAX // 2 // max(parts, 1), 1)

    def looked_at(self, rows: int) -> int:
        """How many charges each walk looks at for a page of so many: no more than it needs where none is left out."""
        return max(rows, self.looks_max) if self.is_narrowed else rows

    def page(self, rows: int) -> tuple[str, list[object]]:
        """The statement for a page of at most so many charges, and its arguments."""
        return self._statement(_SQL.list_charges, rows=rows, looked_at=self.looked_at(rows))

    def totals(self) -> tuple[str, list[object]]:
        """The statement for counts and sums of what the walks look at."""
        return self._statement(_SQL.total_charges, looked_at=self.looks_max)

    def end_of_look(self, looked_at: int) -> tuple[str, list[object]]:
        """The statement for where walks that look at so many charges stop; no row where all come to their ends."""
        arguments = Arguments()
        walk = self._walk(arguments, f"offset {arguments.add(looked_at - 1)} limit 1", looked_at)
        return _SQL.end_of_look.format(walk=walk), arguments.values

    def _statement(
        self, template: str, *, looked_at: int, rows: int | None = None
    ) -> tuple[str, list[object]]:
        arguments = Arguments()
        walk = self._walk(arguments, f"limit {arguments.add(looked_at)}", looked_at)
        conditions = arguments.joined(self._asked())
        placeholder = "" if rows is None else arguments.add(rows)
        return template.format(walk=walk, conditions=conditions, rows=placeholder), arguments.values

    def _walk(self, arguments: Arguments, bound: str, looked_at: int) -> str:
        livemode = arguments.add(self.scope.livemode)
        conditions = arguments.joined(self._walked())
        if (place := arguments.place(self.after)) is not None:
            conditions += f"\n  and {_SQL.after_place.format(value=place)}"
        parts = {"livemode": livemode, "conditions": conditions, "slice": bound}
        term = self.filters.leading_term
        template: str = _SQL.walk_all
        if self.terms is not None and term is not None:
            template = _SQL.walk_terms
            parts |= {"terms": arguments.add(list(self.terms)), "kind": arguments.add(term[0])}
            if self.scope.merchants is not None:
                template = _SQL.walk_terms_of_merchants
                parts |= {
                    "merchants": arguments.add(list(self.scope.merchants)),
                    "looked_at": arguments.add(looked_at),
                }
        elif self.scope.merchants is not None:
            template = _SQL.walk_merchants
            parts["merchants"] = arguments.add(list(self.scope.merchants))
        return template.format(**parts)

    def _walked(self) -> Iterator[Condition]:
        """What the walked index itself leaves out."""
        filters, lead = self.filters, self.filters.lead
        yield _SQL.created_from, filters.created_from
        yield _SQL.created_before, filters.created_before
        if self.terms is None and lead is not None:
            yield from conditions_of(filters)[lead]

    def _asked(self) -> Iterator[Condition]:
        """What is asked of each charge that the walk comes by."""
        filters, lead = self.filters, self.filters.lead
        for name, conditions in conditions_of(filters).items():
            # A term tells only one value of the metadata, and not under which key.
            if name != lead or name == "metadata":
                yield from conditions
        yield one_of(_SQL.with_currency, _SQL.with_currencies, filters.currencies)
        yield _SQL.with_psp, filters.psp
        yield _SQL.with_psp_account, filters.psp_account
        yield _SQL.with_brand, filters.brand


def conditions_of(filters: StaffChargeFilters) -> dict[Lead, tuple[Condition, ...]]:
    """The conditions of each filter that can lead, on a charge itself. A reference has none: it leads where it is given."""
    email, least, most = filters.email, filters.amount_from_minor, filters.amount_to_minor
    pairs = msgspec.json.encode(filters.metadata).decode() if filters.metadata else None
    return {
        "reference": (),
        "email": (
            (
                _SQL.with_email_beginning if email and email.is_prefix else _SQL.with_email,
                email and as_term(email.text),
            ),
        ),
        "metadata": ((_SQL.with_metadata, pairs),),
        "review": ((_SQL.with_review, filters.review),),
        "unknown": ((_SQL.with_unknown_outcome, filters.unknown),),
        "disputed": ((_SQL.disputed, filters.disputed),),
        "last4": ((_SQL.with_last4, filters.last4),),
        "amount": ((_SQL.with_amount, least),)
        if least is not None and least == most
        else ((_SQL.amount_from, least), (_SQL.amount_to, most)),
        "status": (one_of(_SQL.with_status, _SQL.with_statuses, filters.statuses),),
    }
