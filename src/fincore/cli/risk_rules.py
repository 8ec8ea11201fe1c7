"""Commands for risk rules: versions of them, what each is used for, and what rules may name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import Parameter, validators

from fincore.backoffice import risk_rules
from fincore.backoffice.risk_rules import RiskRulesNotUsable
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.cli.arguments import By, Reason
from fincore.cli.rules_file import author, text_of
from fincore.cli.stores import on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.counting import counted
from fincore.write.risk.features import COUNTERS, FACTS, KEYS, MEASURES
from fincore.write.risk.rule_file import TEXT_CHARACTERS_MAX
from fincore.write.risk.rule_versions import StateChange
from fincore.write.risk.rules import STAGES, RiskRule

Version = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=999_999_999))]

FLAWS_SHOWN_MAX: Final = 100
_DONE: Final = {"shadow": "is in shadow", "live": "is live", "retired": "is retired"}


def show_risk(version: Version | None = None, /) -> None:
    """Print a version of the risk rules, list all versions, and who changed what they are used for. Times are UTC.

    Parameters
    ----------
    version
        The version; the live one unless given.
    """
    found = on_stores(lambda stores: risk_rules.show_risk_rules(stores.risk_rules, version), "eventstore")
    if not found.versions:
        show("no risk rules were ever written: no charge is assessed. Begin with `fincore risk starter`")
        return
    if found.version is None:
        show("no version is live: no charge is blocked, challenged or reviewed")
    else:
        show(f"version {found.version.version}, {found.version.state}")
        if found.rules is None:
            show("this version of FinCore cannot read these rules")
        show("")
        show(found.version.text.rstrip())
    show("")
    show_table(
        ("version", "state", "drafted", "by", "reason"),
        [
            (str(one.version), one.state, moment_text(one.drafted_at), one.drafted_by, one.reason)
            for one in found.versions
        ],
    )
    if found.changes:
        show("")
        show_table(
            ("version", "from", "to", "changed", "by", "reason"),
            [
                (
                    str(one.version),
                    one.from_state,
                    one.to_state,
                    moment_text(one.changed_at),
                    one.changed_by,
                    one.reason,
                )
                for one in found.changes
            ],
        )


def draft_risk(file: Path, /, *, reason: Reason, by: By | None = None) -> None:
    """Check the rules in a file, and keep them as a draft. No charge is assessed by a draft.

    A file with flaws is refused, each with its line.

    Parameters
    ----------
    file
        The rules, in TOML.
    by
        Your name, which is stored with the draft; that of the user of this machine unless given.
    """
    text = text_of(file, TEXT_CHARACTERS_MAX)
    version, rules = _draft(text, reason, author(by))
    show(f"version {version} is a draft, with {counted(rules, 'rule')}")
    show(f"next: `fincore risk shadow {version} --reason ...`")


def start_risk(*, reason: Reason, by: By | None = None) -> None:
    """Put the rules that FinCore comes with in shadow: every charge is assessed by them, and nothing follows from it.

    Parameters
    ----------
    by
        Your name, which is stored with this change; that of the user of this machine unless given.
    """
    name = author(by)
    version, _ = _draft(risk_rules.starter_rules(), reason, name)
    _use(version, "shadow", reason, name)
    show(f"next: `fincore risk order {version}`, and after some charges `fincore charges show`")


def shadow_risk(version: Version, /, *, reason: Reason, by: By | None = None) -> None:
    """Try a version out: every charge is assessed by it beside the live one, and nothing follows from it.

    Parameters
    ----------
    version
        The version.
    by
        Your name, which is stored with this change; that of the user of this machine unless given.
    """
    _use(version, "shadow", reason, author(by))


def live_risk(version: Version, /, *, reason: Reason, by: By | None = None) -> None:
    """Let a version decide about charges. It must be in shadow, or have been; the version that was live is retired.

    Processes see the change within a few seconds.

    Parameters
    ----------
    version
        The version.
    by
        Your name, which is stored with this change; that of the user of this machine unless given.
    """
    _use(version, "live", reason, author(by))


def retire_risk(version: Version, /, *, reason: Reason, by: By | None = None) -> None:
    """Take a version out of use. Where it was live, no charge is blocked, challenged or reviewed any more.

    Parameters
    ----------
    version
        The version.
    by
        Your name, which is stored with this change; that of the user of this machine unless given.
    """
    _use(version, "retired", reason, author(by))


def order_risk(version: Version | None = None, /) -> None:
    """Print the rules of a version in the order in which they decide.

    Parameters
    ----------
    version
        The version; the live one unless given.
    """
    found = on_stores(lambda stores: risk_rules.order_of(stores.risk_rules, version), "eventstore")
    if found is None:
        show("no version is live: name one, as `fincore risk show` lists them")
        return
    show(f"version {found.version}, {found.state}")
    for stage, meaning in STAGES.items():
        show("")
        show(f"{stage}: {meaning}")
        show_table(
            ("rule", "priority", "action", "for", "when"),
            [_rule_row(rule) for rule in found.rules if rule.stage == stage],
        )


def list_facts() -> None:
    """List the facts that risk rules may name: those of a charge, and the counters."""
    show_table(
        ("fact", "type", "may be unknown", "lists of", "meaning"),
        [
            (
                name,
                fact.type.replace("_", " "),
                f"has_{name}" if fact.may_be_unknown else "",
                fact.list_kind or "",
                fact.meaning.replace("`", ""),
            )
            for name, fact in FACTS.items()
        ],
    )
    show("")
    show(f"{len(COUNTERS)} counters, each an int called MEASURE_by_KEY_WINDOW, such as attempts_by_ip_1h")
    show("")
    show_table(
        ("measure", "windows", "meaning"),
        [(name, " ".join(one.windows), one.meaning) for name, one in MEASURES.items()],
    )
    show("")
    show_table(("key", "meaning"), list(KEYS.items()))


def _draft(text: str, reason: str, by: str) -> tuple[int, int]:
    async def draft(stores: OperatorStores) -> tuple[int, int]:
        return await risk_rules.draft_rules(
            stores.risk_rules, text, now=stores.clock.now(), by=by, reason=reason
        )

    with show_flaws():
        return on_stores(draft, "eventstore")


@contextmanager
def show_flaws() -> Iterator[None]:
    """Print each flaw of rules that cannot be used with its line, before the error goes on."""
    try:
        yield
    except RiskRulesNotUsable as error:
        show_table(
            ("line", "flaw"),
            [
                ("" if flaw.line is None else str(flaw.line), flaw.message)
                for flaw in error.flaws[:FLAWS_SHOWN_MAX]
            ],
        )
        raise


def _use(version: int, state: Literal["shadow", "live", "retired"], reason: str, by: str) -> None:
    async def use(stores: OperatorStores) -> tuple[StateChange, ...]:
        return await risk_rules.use_rules(
            stores.risk_rules, version, state, now=stores.clock.now(), by=by, reason=reason
        )

    for change in on_stores(use, "eventstore"):
        show(f"version {change.version} {_DONE[change.to_state]}")


def _rule_row(rule: RiskRule) -> tuple[str, ...]:
    action = rule.action if rule.fallback is None else f"{rule.action}, else {rule.fallback}"
    scope = [
        f"{rule.mode} mode" if rule.mode else "",
        counted(len(rule.merchants), "merchant") if rule.merchants else "",
    ]
    until = f"until {moment_text(rule.expires)}" if rule.expires else ""
    about = ", ".join(filter(None, (*scope, until))) or "all"
    return rule.name, str(rule.priority), action, about, rule.when
