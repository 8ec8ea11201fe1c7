"""What routing rules and risk rules have in common as staff see them: flaws of a text, differences of two. Pure."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.backoffice.text_difference import ChangedLine, LineChange
from fincore.public.fields import ObjectName
from fincore.write.rules.rule_text import RuleFlaw


class StaffRuleFlawBody(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a text of rules."""

    line: Annotated[int | None, Meta(description="At which line, from 1; null where that cannot be told.")]
    message: Annotated[str, Meta(description="What is wrong.")]


class StaffChangedLineBody(msgspec.Struct, frozen=True, kw_only=True):
    """A line of one of two texts, or of both."""

    change: Annotated[
        LineChange,
        Meta(description="`same`: in both. `added`: in the later one. `removed`: in the earlier one."),
    ]
    before: Annotated[
        int | None, Meta(description="Its number in the earlier text; null where it is not there.")
    ]
    after: Annotated[
        int | None, Meta(description="Its number in the later text; null where it is not there.")
    ]
    text: Annotated[str, Meta(description="The line.")]


class StaffRulesDifferenceBody(msgspec.Struct, frozen=True, kw_only=True):
    """How one version of rules differs from another."""

    object: Annotated[Literal["rules_difference"], ObjectName] = "rules_difference"
    before: Annotated[int, Meta(description="The version that is compared with.")]
    after: Annotated[int, Meta(description="The version that is compared.")]
    lines: Annotated[list[StaffChangedLineBody], Meta(description="The lines of both, in order.")]


def render_flaws(flaws: Sequence[RuleFlaw]) -> list[StaffRuleFlawBody]:
    """The flaws of a text."""
    return [StaffRuleFlawBody(line=one.line, message=one.message) for one in flaws]


def render_difference(before: int, after: int, lines: Sequence[ChangedLine]) -> StaffRulesDifferenceBody:
    """The difference of two versions."""
    return StaffRulesDifferenceBody(
        before=before, after=after, lines=[StaffChangedLineBody(**one._asdict()) for one in lines]
    )
