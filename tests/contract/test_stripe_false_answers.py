"""A PSP that lies: with any one field wrong of what Stripe says, nothing untrue is booked.

Each answer and webhook of the sandbox is told again with one field made a lie, for every field and every kind of lie. What
FinCore makes of it is what it makes of the truth, or less than that; or it is Unknown, refused, or held for a person. The
exceptions stand in a table, and each of them is told. `pytest -rP` prints what became of how many lies.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec
import pytest

from fincore.domain.charge import Charge
from fincore.write.psp.port import SignatureRefused
from fincore.write.psp.stripe import wire
from fixtures.false_answers import Lied, dotted, lies_about, strange_fields
from fixtures.stripe_false_answers import TELLINGS, IntentReading, Told, Truth, truth_of
from fixtures.stripe_spec import properties_of

READ: Final = frozenset(
    {wire.CHARGE_ID_KEY, wire.REFUND_ID_KEY}
    | {
        field.encode_name
        for shape in vars(wire).values()
        if isinstance(shape, type) and issubclass(shape, msgspec.Struct)
        for field in msgspec.structs.fields(shape)
    }
)
"""The names of the fields that FinCore reads in any of Stripe's objects."""

CARD_FACTS: Final = frozenset(field.encode_name for field in msgspec.structs.fields(wire.CardFacts))
"""The names of the facts about a card, which say nothing of the money: a lie about one of them spoils no payment."""


class Undetected(NamedTuple):
    """Lies that nothing else in the document contradicts, as patterns, what becomes of them, and why."""

    telling: str
    field: str
    lie: str
    verdict: str
    why: str


UNDETECTED: Final = (
    Undetected(
        "(?!answer to ca|webhook: ca|record of a p).*",
        r".*\bid",
        "a word of tomorrow",
        "BELIEVED",
        "an id is whatever Stripe calls it",
    ),
    Undetected(
        "answer to authorize: captured|answer to capture|record of a payment",
        r".*balance_transaction\.currency",
        "another currency",
        "BELIEVED",
        "Stripe settles in a currency of its own choice",
    ),
    Undetected(
        "webhook: (disputed|funds.*)",
        r".*balance_transactions\.0\.currency",
        "another currency",
        "BELIEVED",
        "Stripe settles in a currency of its own choice",
    ),
    Undetected(
        "webhook: captured at Stripe",
        r".*amount_received",
        "half as much",
        "BELIEVED",
        "less may be captured in the Dashboard",
    ),
    Undetected(
        "webhook: refunded at Stripe",
        r".*\.amount",
        "one more|half as much",
        "BELIEVED",
        "any amount may be refunded in the Dashboard",
    ),
    Undetected(
        "webhook: (disputed|funds.*)",
        r"data\.object\.amount",
        "one more|half as much",
        "BELIEVED",
        "any part of a payment may be disputed, and the rate of exchange may have moved",
    ),
    Undetected(
        "webhook: (refund|disputed|funds).*",
        r"data\.object\.payment_intent",
        "of another",
        "BELIEVED",
        "the payment that Stripe names goes before metadata, which people edit",
    ),
    Undetected(
        ".*refund.*",
        r".*\bstatus",
        "status (canceled|failed|pending|requires_action)",
        "BELIEVED",
        "Stripe's plain word for where a refund stands",
    ),
    Undetected(
        "webhook: (disputed|funds.*)",
        r".*\bstatus",
        "status (lost|won)",
        "BELIEVED",
        "Stripe's plain word for where a dispute stands",
    ),
    Undetected(
        "answer to authorize: 3-D Secure",
        "status",
        "status canceled",
        "BELIEVED",
        "Stripe's plain word for where a payment stands",
    ),
    Undetected(
        "record of a refund",
        r"data\.0\.id",
        "of another",
        "held",
        "the log knows that refund as another one, and a person has to compare",
    ),
    Undetected(
        "webhook.*",
        "type",
        "empty text|a word of tomorrow|a very long word",
        "nothing is recorded",
        "of all types of events only those about charges are read",
    ),
    Undetected(
        "webhook: (captured|canceled).*",
        r".*\bstatus",
        "status (processing|requires_.*)",
        "nothing is recorded",
        "an older state of the payment, as late webhooks tell it",
    ),
    Undetected(
        "webhook: (captured|canceled).*",
        r"data\.object\.id",
        "of another",
        "nothing is recorded",
        "it is what is known of the other payment, which the log goes by before metadata",
    ),
    Undetected(
        "webhook: (refunded|disputed|funds).*",
        r"data\.object\.payment_intent",
        "null|a word of tomorrow",
        "nothing is recorded",
        "a payment without a payment intent, or that Stripe does not hold, is none of FinCore",
    ),
    Undetected(
        "webhook: refunded at Stripe",
        r"data\.object\.balance_transaction",
        "null",
        "nothing is recorded",
        "this is how Stripe shows that a hold was let go",
    ),
)


@pytest.mark.parametrize("telling", TELLINGS)
async def test_false_field_in_stripe_answer_books_nothing_untrue(telling: str) -> None:
    truth = await truth_of(telling)
    strange = {"account": "acct_other", "context": "acct_other"} if truth.job is None else {}
    # As a webhook, all of it of another payment is the truth about that one.
    whole = {} if truth.job is None else {"another": truth.others(), "a stranger": truth.strangers()}
    strange_lies = {f"added: {said}" for said in strange.values()}
    found = [
        (lied, authorization_error_policy(truth, await truth.told(place, lied.document)))
        for place, document in enumerate(truth.documents())
        for lied in lies_about(document, read=READ, others=truth.others(), strange=strange, whole=whole)
    ]
    print(table(found))  # noqa: T201 -- pytest shows it with -rP, and with what fails
    assert len(found) > MANY
    expected = {one: False for one in UNDETECTED if re.fullmatch(one.telling, telling)}
    unexpected = []
    for lied, verdict in found:
        is_unsound = (
            (verdict == "held" and truth.job is not None)
            or (verdict == "does not matter" and (_names_another(telling, lied) or lied.lie in strange_lies))
            or (verdict != "does not matter" and lied.path[-1:] and lied.path[-1] in CARD_FACTS)
        )
        if verdict in SOUND and not is_unsound:
            continue
        excused = [one for one in expected if verdict == one.verdict and _is_about(one, lied)]
        unexpected += [] if excused else [f"{dotted(lied.path)}: {lied.lie}: {verdict}"]
        expected |= dict.fromkeys(excused, True)
    assert unexpected == []
    assert [one for one, is_told in expected.items() if not is_told] == []


@pytest.mark.parametrize("telling", TELLINGS)
async def test_unread_field_in_stripe_answer_changes_nothing(telling: str) -> None:
    truth = await truth_of(telling)
    found = [
        (lied, authorization_error_policy(truth, await truth.told(place, lied.document)))
        for place, document in enumerate(truth.documents())
        for lied in strange_fields(document, properties_of)
    ]
    print(table(found))  # noqa: T201 -- pytest shows it with -rP, and with what fails
    assert [
        f"{dotted(lied.path)}: {lied.lie}: {verdict}" for lied, verdict in found if verdict not in SOUND
    ] == []
    assert found


SOUND: Final = ("does not matter", "held", "less is known", "refused at the door", "unknown")
"""What may become of a lie. An answer is not held but Unknown: the PSP is asked again."""
MANY: Final = 150


def authorization_error_policy(truth: Truth, told: Told) -> str:
    """What became of a lie."""
    if told.gateway_raised:
        return "RAISED"
    if any(_breaks_an_invariant(charge) for charge in told.charges):
        return "BROKEN"
    untrue = [one for one in told.said - truth.honest.said if not _is_less(one, truth.honest.said)]
    if any(one.moves_money or not told.is_held for one in untrue):
        return "BELIEVED"
    if isinstance(told.result, SignatureRefused):
        return "refused at the door"
    if told.is_held:
        return "held"
    if told.said == truth.honest.said:
        return "does not matter"
    if told.is_unknown:
        return "unknown"
    return "less is known" if told.said else "nothing is recorded"


def table(found: Iterable[tuple[Lied, str]]) -> str:
    """How many lies of each kind were told, and what became of them."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for lied, verdict in found:
        counts[lied.lie.partition(" ")[0] if lied.lie.startswith("status") else lied.lie][verdict] += 1
    verdicts = sorted({verdict for row in counts.values() for verdict in row})
    lines = [
        ["lie", *verdicts],
        *([lie, *(str(row[one] or "") for one in verdicts)] for lie, row in counts.items()),
    ]
    total: Counter[str] = sum(counts.values(), Counter())
    lines.append(["all", *(str(total[one]) for one in verdicts)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _is_about(one: Undetected, lied: Lied) -> bool:
    return bool(re.fullmatch(one.field, dotted(lied.path)) and re.fullmatch(one.lie, lied.lie))


def _names_another(telling: str, lied: Lied) -> bool:
    """Whether an answer to what was asked for a new payment or refund is about another one, with any other content."""
    named = ("id", "payment_intent", f"metadata.{wire.CHARGE_ID_KEY}", f"metadata.{wire.REFUND_ID_KEY}")
    return (
        re.fullmatch("answer to (authorize: (captured|held|3-D Secure)|refund)", telling) is not None
        and lied.lie == "of another"
        and dotted(lied.path) in named
    )


def _breaks_an_invariant(charge: Charge) -> bool:
    """Whether a charge took nothing and succeeded, or gave back more than it took, or is disputed and took nothing."""
    return (
        (charge.status == "succeeded" and charge.captured_minor < 1)
        or charge.refunded_minor > charge.captured_minor
        or (bool(charge.disputes) and charge.captured_minor < 1)
    )


def _is_less(said: IntentReading, honest: set[IntentReading]) -> bool:
    """Whether it is true, and something of it is not known yet: the PSP's fee, or its reference of what failed."""
    return any(
        said in (true, true._replace(fee_minor=0, fee_currency=None), true._replace(psp_reference=None))
        for true in honest
    )
