"""The query of what is asked for in a mode, and of nothing else."""

from fincore.http.exchange import Call
from fincore.http.list_query import parameters_of
from fincore.http.problems import Problem
from fincore.staff.access.person import Mode


def mode_of(call: Call) -> Mode:
    """The mode that a query names. Raises `parameter_invalid`, and `parameter_unknown` for anything else in it."""
    mode: Mode | None = None
    for name, value in parameters_of(call.query):
        if name != "mode":
            raise Problem("parameter_unknown", "Use only the parameter mode.", param=name[:64])
        mode = "live" if value == "live" else "test" if value == "test" else None
    if mode is None:
        raise Problem("parameter_invalid", "Say mode=live or mode=test.", param="mode")
    return mode
