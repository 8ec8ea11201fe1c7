"""From the groups of a token to grants, by the map of the installation. Pure.

The map is a text, as `FINCORE_STAFF_GROUPS` holds it: `group=role[:live|:test][@mer_...]`, separated by spaces or commas.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NewType

from fincore.domain.errors import InvalidId
from fincore.domain.ids import parse_merchant_id
from fincore.staff.access.permissions import ROLES
from fincore.staff.access.person import Grant

GroupMap = NewType("GroupMap", Mapping[str, tuple[Grant, ...]])
"""Group -> the grants that it gives."""

ENTRIES_MAX: Final = 1_000
GROUPS_OF_TOKEN_MAX: Final = 500
"""Groups of one token that are looked at; Cognito gives 100 at most, others a few hundred."""
_SEPARATOR: Final = re.compile(r"[\s,]+")
_ENTRY: Final = re.compile(
    r"(?P<group>[!-+\--<>-~]{1,256})=(?P<role>[a-z]+)(?::(?P<mode>live|test))?(?:@(?P<merchant>\S+))?"
)


def read_group_map(text: str) -> GroupMap:
    """The map that a text holds; raise `ValueError` with the rest of a sentence for one that cannot be read."""
    grants: dict[str, list[Grant]] = {}
    entries = [entry for entry in _SEPARATOR.split(text) if entry]
    if len(entries) > ENTRIES_MAX:
        raise ValueError(f"may hold {ENTRIES_MAX} entries at most")
    for entry in entries:
        group, grant = _entry(entry)
        grants.setdefault(group, []).append(grant)
    return GroupMap(MappingProxyType({group: tuple(held) for group, held in grants.items()}))


def grants_of(groups: Sequence[str], group_map: GroupMap) -> tuple[Grant, ...]:
    """The grants that some groups give, each once; a group that is not in the map gives none."""
    found: Iterable[Grant] = (
        grant for group in groups[:GROUPS_OF_TOKEN_MAX] for grant in group_map.get(group, ())
    )
    return tuple(dict.fromkeys(found))


def grants_of_roles(groups: Iterable[str]) -> tuple[Grant, ...]:
    """The grants of people of the built-in issuer, each group of which is a role: `support`, `support:live@mer_...`.

    A group that is none gives no grant: an older version may have written it.
    """
    found: list[Grant] = []
    for group in groups:
        try:
            found.append(read_role(group))
        except ValueError:
            continue
    return tuple(dict.fromkeys(found))


def read_role(text: str) -> Grant:
    """The grant that a role gives, with mode and merchant where it counts there alone. Raises `ValueError` with the rest of a sentence."""
    return _entry(f"role={text}")[1]


def _entry(entry: str) -> tuple[str, Grant]:
    match = _ENTRY.fullmatch(entry)
    role = next((one for one in ROLES if match is not None and one == match["role"]), None)
    if match is None or role is None:
        raise ValueError(
            f"holds an entry that is not group=role[:live|:test][@mer_...], with a role of {', '.join(ROLES)}, such as payments-team=support:live"
        )
    merchant_id = None
    if match["merchant"] is not None:
        try:
            merchant_id = parse_merchant_id(match["merchant"])
        except InvalidId:
            raise ValueError("names a merchant by what is no merchant id, mer_...") from None
    livemode = None if match["mode"] is None else match["mode"] == "live"
    return match["group"], Grant(role=role, livemode=livemode, merchant_id=merchant_id)
