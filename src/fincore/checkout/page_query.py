"""What a page of a merchant says in a query: the parameters that there are, and a currency among them. Pure."""

from collections.abc import Sequence

from fincore.domain.currency import ACTIVE_CURRENCIES, Currency
from fincore.http.list_query import parameters_of
from fincore.http.problems import Problem


def named_parameters(query: bytes, names: Sequence[str], *, required: Sequence[str]) -> dict[str, str]:
    """The values of a query by name. Raises `parameter_invalid` and `parameter_unknown`."""
    given: dict[str, str] = {}
    for name, value in parameters_of(query):
        if name not in names:
            raise Problem("parameter_unknown", f"Use only these parameters: {', '.join(names)}.")
        given[name] = value
    for name in required:
        if name not in given:
            raise Problem("parameter_invalid", f"Add the parameter {name}.", param=name)
    return given


def currency_named(text: str) -> Currency:
    """The currency of the parameter `currency`, in letters of either case. Raises `currency_unknown`."""
    currency = Currency(text.lower())
    if currency not in ACTIVE_CURRENCIES:
        raise Problem("currency_unknown", param="currency")
    return currency
