"""The states of a version of the risk rules, and the changes between them: one table. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

RuleState = Literal["draft", "shadow", "live", "retired"]

STATES: Final[Mapping[RuleState, str]] = MappingProxyType(
    {
        "draft": "checked and kept; no charge is assessed by it",
        "shadow": "every charge is assessed by it, and nothing follows from what it says",
        "live": "decides about every charge; one version is live at most",
        "retired": "was in shadow or live, and is no more",
    }
)
"""Every state, and what it means."""

NEXT_STATES: Final[Mapping[RuleState, tuple[RuleState, ...]]] = MappingProxyType(
    {
        "draft": ("shadow",),
        "shadow": ("live", "retired"),
        "live": ("retired",),
        "retired": ("shadow", "live"),
    }
)
"""What each state may become. A version is in shadow before it is live, so that what it would do has been seen."""

SHADOW_MAX: Final = 3
"""Versions in shadow at a time: each costs as much for every charge as the live one."""
