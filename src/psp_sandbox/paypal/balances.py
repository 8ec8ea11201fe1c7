"""The balances of every account, by currency, and the movements that made them."""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping

import msgspec

from psp_sandbox.bounded_store import BoundedStore
from psp_sandbox.paypal.transaction_rows import Row

HOLDS = frozenset({"T1110", "T1111", "T2101", "T2102", "T2103", "T2104"})
"""Codes of money that is put aside or free again: it is not available, but still the account's."""


class Balance(msgspec.Struct, frozen=True, gc=False):
    """What an account has in one currency, in minor units: what it can dispose of, and what is put aside besides."""

    available_minor: int = 0
    held_minor: int = 0

    @property
    def total_minor(self) -> int:
        """All of it."""
        return self.available_minor + self.held_minor

    def after(self, row: Row) -> "Balance":
        """The balance once the row has moved it."""
        held = self.held_minor - row.minor if row.code in HOLDS else self.held_minor
        return Balance(self.available_minor + row.minor + row.fee_minor, held)


NOTHING = Balance()


def moved(balances: Mapping[str, Balance], rows: Iterator[Row] | list[Row]) -> dict[str, Balance]:
    """The balances by currency once the rows have moved them."""
    after = dict(balances)
    for row in rows:
        after[row.currency] = after.get(row.currency, NOTHING).after(row)
    return after


class Balances:
    """Movements of all accounts in the order in which they reached a balance, at most `max_rows`; past that the oldest are dropped.

    A dropped movement is still in the balance. One that was dropped before a settlement report had it is counted as lost.
    """

    def __init__(self, *, max_rows: int) -> None:
        self._rows: BoundedStore[Row] = BoundedStore(max_rows=max_rows, dropped=self._drop)
        self._balances: defaultdict[str, dict[str, Balance]] = defaultdict(dict)
        self._unsettled: defaultdict[str, deque[Row]] = defaultdict(deque)
        self._lost: defaultdict[str, int] = defaultdict(int)

    def add(self, account: str, row: Row) -> None:
        """A movement that has happened."""
        of_account = self._balances[account]
        of_account[row.currency] = of_account.get(row.currency, NOTHING).after(row)
        self._unsettled[account].append(row)
        self._rows.add(account, row.id, row)

    def get(self, account: str, row_id: str) -> Row | None:
        """A movement by its id."""
        return self._rows.get(account, row_id)

    def account_of(self, row_id: str) -> str | None:
        """The account that a movement belongs to."""
        return self._rows.account_of(row_id)

    def newest_first(self, account: str) -> Iterator[Row]:
        """The account's movements."""
        return self._rows.newest_first(account)

    def all(self) -> Iterator[tuple[str, Row]]:
        """Every movement with its account, oldest first."""
        return self._rows.all()

    def count(self) -> int:
        """How many movements are kept."""
        return len(self._rows)

    def of(self, account: str) -> Mapping[str, Balance]:
        """What the account has, by currency."""
        return self._balances.get(account, {})

    def accounts(self) -> list[str]:
        """Every account that has had a movement."""
        return list(self._balances)

    def unsettled(self, account: str) -> list[Row]:
        """The movements that no settlement report has, oldest first."""
        return list(self._unsettled.get(account, ()))

    def lost(self, account: str) -> int:
        """How many movements were dropped before a settlement report had them."""
        return self._lost.get(account, 0)

    def settle(self, account: str) -> None:
        """A settlement report has everything up to now."""
        self._unsettled.pop(account, None)
        self._lost.pop(account, None)

    def clear(self) -> None:
        """Forget every movement."""
        self._rows.clear()
        self._balances.clear()
        self._unsettled.clear()
        self._lost.clear()

    def _drop(self, account: str, _row_id: str, row: Row) -> None:
        waiting = self._unsettled.get(account)
        if waiting and waiting[0] is row:
            waiting.popleft()
            self._lost[account] += 1
