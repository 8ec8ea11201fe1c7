"""Conditions that could never hold, or hold for more charges than they seem to. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fincore.write.risk.features import COUNTERS, FACTS
from fincore.write.risk.rings import DISTINCT_CARDS_MAX
from fincore.write.rules.cel import IN_LIST, ConditionFlaw, flaw_at
from fincore.write.rules.syntax import Call, Name, Syntax

_NUMBER_MAX: Final[Mapping[str, int]] = MappingProxyType(
    {
        "_>_": DISTINCT_CARDS_MAX - 1,
        "_<=_": DISTINCT_CARDS_MAX - 1,
        "_==_": DISTINCT_CARDS_MAX - 1,
        "_!=_": DISTINCT_CARDS_MAX - 1,
        "_>=_": DISTINCT_CARDS_MAX,
        "_<_": DISTINCT_CARDS_MAX,
    }
)
"""With which number, at most, a count of different cards can be compared by each operator: the highest count stands for all above."""
_TURNED: Final[Mapping[str, str]] = MappingProxyType(
    {"_>_": "_<_", "_<_": "_>_", "_>=_": "_<=_", "_<=_": "_>=_", "_==_": "_==_", "_!=_": "_!=_"}
)
_OF_LIST_STAGES: Final = frozenset({IN_LIST, "_&&_", "_||_", "!_"})


def reach_flaw(text: str, syntax: Syntax, *, is_of_lists: bool) -> ConditionFlaw | None:
    """Why a condition could never hold or holds for too many charges; `is_of_lists`: its rule is in the stage block_lists or allow_lists."""
    return _threshold_flaw(text, syntax) or (_list_stage_flaw(text, syntax) if is_of_lists else None)


def _threshold_flaw(text: str, syntax: Syntax) -> ConditionFlaw | None:
    """What compares a count of different cards with a number that it does not reach."""
    for call in syntax.calls:
        match call:
            case Call(function, (Name(name), int(number))):
                pass
            case Call(function, (int(number), Name(name))):
                function = _TURNED.get(function, function)
            case _:
                continue
        if name not in COUNTERS or COUNTERS[name].measure != "distinct_cards":
            continue
        if number > _NUMBER_MAX.get(function, number):
            return flaw_at(
                text,
                call,
                f"{name} goes up to {DISTINCT_CARDS_MAX}, which stands for all higher counts: compare it with a lower number",
            )
    return None


def _list_stage_flaw(text: str, syntax: Syntax) -> ConditionFlaw | None:
    """What a rule of the block lists or allow lists reads beside lists."""
    message = (
        f"a rule of the block_lists or allow_lists reads nothing but {IN_LIST} and has_..., joined by &&, || and !: "
        "leave its stage out for one that reads more"
    )
    other = [call for call in syntax.calls if call.function not in _OF_LIST_STAGES]
    if other:
        return flaw_at(text, min(other, key=lambda call: call.place), message)
    # Without a further call, only a bool can be read beside the facts that lists are asked for.
    read = sorted(name for name in syntax.names if name in FACTS and FACTS[name].type == "bool")
    return ConditionFlaw(f"{message} (it reads {read[0]})") if read else None
