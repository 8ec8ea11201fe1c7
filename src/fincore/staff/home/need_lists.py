"""Which request lists the things of a kind that need a person. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fincore.backoffice.home_page import NeedKind
from fincore.staff.access.person import Mode

NEED_LISTS: Final[Mapping[NeedKind, str]] = MappingProxyType(
    {
        "unknown_outcomes": "/staff/v1/unknown_outcomes?mode={mode}",
        "dead_letters": "/staff/v1/dead_letters",
        "parked_streams": "/staff/v1/parked_streams",
        "breaks": "/staff/v1/breaks?mode={mode}&status=open",
        "disputes_due": "/staff/v1/disputes?mode={mode}&status=needs_response",
        "reviews": "/staff/v1/reviews?mode={mode}",
        "held_reports": "/staff/v1/held_reports?mode={mode}",
        "proposals": "/staff/v1/proposals?mode={mode}&status=proposed&by=others",
        "endpoints_failing": "/staff/v1/webhook_endpoints?mode={mode}&condition=failing",
    }
)
"""Kind -> the request."""


def list_of(kind: NeedKind, mode: Mode) -> str:
    """The request that lists what is meant."""
    return NEED_LISTS[kind].format(mode=mode)
