"""Which filter of a list of charges leads, and what each page looks at."""

import re
from typing import Any

import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import MerchantId
from fincore.read.paymentdb.staff_charge_walk import LEADS, StaffChargeFilters, Walk, Wanted
from fincore.read.paymentdb.staff_lists import LOOKED_AT_MAX, SCOPE_MERCHANTS_MAX, Scope

ALL = Scope(livemode=True)
EACH: dict[str, dict[str, Any]] = {
    "reference": {"reference": Wanted("pi_1")},
    "email": {"email": Wanted("ada@example.com")},
    "metadata": {"metadata": {"order": "1"}},
    "review": {"review": "open"},
    "unknown": {"unknown": True},
    "disputed": {"disputed": True},
    "last4": {"last4": "4242"},
    "amount": {"amount_from_minor": 5, "amount_to_minor": 5},
    "status": {"statuses": ("failed",)},
}


def walk(scope: Scope = ALL, **filters: Any) -> Walk:
    asked = StaffChargeFilters(**filters)
    terms = ("x",) if asked.lead in ("reference", "email", "metadata") else None
    return Walk(scope, asked, terms)


def test_the_narrowest_filter_leads() -> None:
    assert tuple(EACH) == LEADS
    given: dict[str, Any] = {}
    for lead in reversed(LEADS):
        given |= EACH[lead]
        assert StaffChargeFilters(**given).lead == lead


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"statuses": ("failed", "succeeded")},
        {"amount_from_minor": 5},
        {"disputed": False},
        {"unknown": False},
        {"metadata": {"order": ""}},
        {"brand": "visa"},
    ],
    ids=str,
)
def test_a_filter_that_many_charges_pass_does_not_lead(filters: dict[str, Any]) -> None:
    assert StaffChargeFilters(**filters).lead is None


@pytest.mark.parametrize("lead", [lead for lead in LEADS if lead != "metadata"])
def test_a_page_of_one_filter_looks_at_no_more_than_it_shows(lead: str) -> None:
    assert walk(**EACH[lead]).looked_at(11) == 11


def test_a_page_with_another_filter_looks_at_a_bounded_number() -> None:
    merchants = tuple(MerchantId(f"mer_{n}") for n in range(40))
    for lead in LEADS:
        narrowed = walk(**EACH[lead], currencies=(Currency("eur"),))
        assert narrowed.looked_at(11) == (LOOKED_AT_MAX if narrowed.terms is None else LOOKED_AT_MAX // 2)
    some = walk(Scope(livemode=True, merchants=merchants), brand="visa")
    assert some.looked_at(11) * some.walks == LOOKED_AT_MAX


def test_every_argument_of_a_statement_is_used() -> None:
    every = {name: value for one in EACH.values() for name, value in one.items()}
    for scope in (ALL, Scope(livemode=False, merchants=(MerchantId("mer_1"),))):
        for filters in ({}, every, *EACH.values(), {"statuses": ("failed", "expired")}):
            one = walk(scope, **filters)
            for statement, arguments in (one.page(10), one.totals(), one.end_of_look(10)):
                used = {int(number) for number in re.findall(r"\$(\d+)", statement)}
                assert used == set(range(1, len(arguments) + 1))
                assert "{" not in statement


def test_a_scope_names_a_bounded_number_of_merchants() -> None:
    merchants = tuple(MerchantId(f"mer_{n}") for n in range(SCOPE_MERCHANTS_MAX + 1))
    with pytest.raises(ValueError, match="at most"):
        Scope(livemode=True, merchants=merchants)
