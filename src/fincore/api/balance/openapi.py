"""How /v1/balance and /v1/balance_transactions are documented."""

from typing import Final

from fincore.api.balance.body import BalanceBody, BalanceTransactionBody, BalanceTransactionListBody
from fincore.api.docs.schemas import words_reference
from fincore.domain.ids import parse_balance_transaction_id
from fincore.http.list_filters import CHARGE
from fincore.http.list_operation import CREATED, ListOperation
from fincore.http.openapi import READ_PROBLEMS, Content, Operation, Parameter, path_parameter

CURRENCY_PATTERN: Final = r"^[a-z]{3}$"
_TAG: Final = "Balance"

GET_BALANCE: Final = Operation(
    operation_id="get_balance",
    summary="Get the balance",
    description="Returns what the platform owes you in each currency: captures, less refunds, disputes and fees. "
    "`as_of` says up to when the ledger is complete, usually a moment ago.",
    tag=_TAG,
    responses={200: Content(shape=BalanceBody, description="The balance.")},
    problems=READ_PROBLEMS,
)

GET_BALANCE_TRANSACTION: Final = Operation(
    operation_id="get_balance_transaction",
    summary="Get a balance transaction",
    description="Returns one change of your balance. A balance transaction never changes.",
    tag=_TAG,
    parameters=(
        path_parameter(
            "balance_transaction_id",
            "The balance transaction's id.",
            example="txn_01kab5m5wvfb9v1c2m5hfv0d2e",
        ),
    ),
    responses={200: Content(shape=BalanceTransactionBody, description="The balance transaction.")},
    problems=(*READ_PROBLEMS, "balance_transaction_not_found"),
)

LIST_BALANCE_TRANSACTIONS: Final = ListOperation(
    "balance transactions",
    tag=_TAG,
    description="Lists every change of your balance, the last booked first.",
    filters=(
        CHARGE,
        Parameter(
            name="type",
            place="query",
            description="Only balance transactions of this type.",
            schema=words_reference("BalanceTransactionType"),
        ),
        Parameter(
            name="currency",
            place="query",
            description="Only balance transactions in this currency.",
            schema={"type": "string", "pattern": CURRENCY_PATTERN},
        ),
        CREATED,
    ),
    parse_id=parse_balance_transaction_id,
    body=BalanceTransactionListBody,
)
