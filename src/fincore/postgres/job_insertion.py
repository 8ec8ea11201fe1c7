"""Jobs as a part of the statement that writes their events: the queue tells how it stores jobs, the writer when."""

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from fincore.domain.job import Job

_PARAMETER: Final = re.compile(r"\$([0-9]+)")

Column = list[object]
"""One argument of a statement over arrays: a value for each row."""


class JobInsertion(NamedTuple):
    """How a queue puts jobs in.

    `expressions` are common table expressions (`name as (insert ...), ...`) that write what the queue keeps of jobs. Their parameters
    are numbered from $1 on, and `columns_of` gives the argument of each. A dollar sign stands for nothing else in them.
    """

    expressions: str
    columns_of: Callable[[Sequence[Job]], tuple[Column, ...]]

    def numbered_after(self, parameters: int) -> str:
        """The expressions in a statement that has so many other parameters before theirs."""
        return _PARAMETER.sub(lambda found: f"${int(found[1]) + parameters}", self.expressions)
