"""The books as text."""

from fincore.cli.ledger_tables import journal_table, trial_balance_table
from fincore.domain.currency import Currency
from fincore.read.ledgerdb.queries import TrialBalanceRow


def asset(account: str, currency: str, debit_minor: int, credit_minor: int) -> TrialBalanceRow:
    return TrialBalanceRow(
        account=account,
        currency=Currency(currency),
        normal_side="debit",
        debit_minor=debit_minor,
        credit_minor=credit_minor,
    )


def liability(account: str, currency: str, debit_minor: int, credit_minor: int) -> TrialBalanceRow:
    return TrialBalanceRow(
        account=account,
        currency=Currency(currency),
        normal_side="credit",
        debit_minor=debit_minor,
        credit_minor=credit_minor,
    )


def test_each_currency_is_totalled_and_judged_by_itself() -> None:
    rows = [
        asset("psp:stripe:test:clearing:usd", "usd", 123456, 3456),
        liability("merchant:mer_a:payable:usd", "usd", 0, 120000),
        asset("psp:stripe:test:clearing:jpy", "jpy", 500, 0),
        liability("merchant:mer_a:payable:jpy", "jpy", 0, 501),
    ]
    assert trial_balance_table(rows).splitlines() == [
        "account                              debit        credit       balance",
        "merchant:mer_a:payable:jpy           0 JPY       501 JPY       501 JPY",
        "psp:stripe:test:clearing:jpy       500 JPY         0 JPY       500 JPY",
        "total jpy                          500 JPY       501 JPY",
        "merchant:mer_a:payable:usd        0.00 USD  1,200.00 USD  1,200.00 USD",
        "psp:stripe:test:clearing:usd  1,234.56 USD     34.56 USD  1,200.00 USD",
        "total usd                     1,234.56 USD  1,234.56 USD",
        "jpy: NOT BALANCED, debits minus credits are -1 JPY",
        "usd: balanced",
    ]


def test_empty_ledger_tables_state_that_nothing_is_booked() -> None:
    assert trial_balance_table([]) == "no accounts: nothing has been booked yet"
    assert journal_table([]) == "no entries: no money has moved"
