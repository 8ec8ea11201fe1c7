"""The traffic mix: which scenarios arrive with which weight, and the phases in which the traffic or the PSP is another. Pure."""

import random
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Final, Literal, NamedTuple

from loadtest.generator.profile import Stretch

Needs = Literal["api", "card_edge", "sandbox", "staff"]
"""What a scenario cannot do without: the API alone, the card edge, pages of the PSP sandbox, a person of staff."""
Psp = Literal["usual", "slow", "down", "holds_webhooks"]
"""How the PSP sandbox behaves: as it was started, with answers that take seconds, refusing every connection, or keeping all webhooks
back until the phase ends, so that they come at once."""


class Scenario(NamedTuple):
    """One kind of arrival. Of the arrivals at a moment it has the share of its weight among all weights."""

    name: str
    weight: float
    what: str
    needs: Needs = "api"


SCENARIOS: Final[tuple[Scenario, ...]] = (
    Scenario("card", 36, "a charge by a card's token, taken at once"),
    Scenario("card_waiting", 4, "the same, and the merchant waits for the outcome (`Prefer: wait`)"),
    Scenario("card_declined", 4, "a charge that the card's bank declines"),
    Scenario(
        "three_d_secure", 2, "a charge for which the customer authenticates at the bank's page", "sandbox"
    ),
    Scenario("hold_capture", 6, "a charge that is held, then captured in part"),
    Scenario("hold_cancel", 2, "a charge that is held, then canceled"),
    Scenario("refund", 5, "a charge that is refunded by half"),
    Scenario("paypal", 4, "a charge that the customer approves on PayPal's page", "sandbox"),
    Scenario("checkout_session", 3, "a checkout session that the customer pays on the PSP's page", "sandbox"),
    Scenario("raw_card", 2, "a charge by a card number, at the card edge", "card_edge"),
    Scenario("query", 20, "the merchant looks at one of the latest charges"),
    Scenario("list_charges", 8, "the merchant lists the latest charges"),
    Scenario("list_events", 4, "the merchant lists the latest events"),
    Scenario("card_testing", 0, "a charge of a small amount by a declined card, all from one address"),
    Scenario(
        "export",
        0,
        "a person of staff downloads the charges, the refunds or the trial balance as CSV",
        "staff",
    ),
)
NAMES: Final = tuple(scenario.name for scenario in SCENARIOS)


class Phase(NamedTuple):
    """A part of the run, from one share of its time to another.

    The rate is multiplied by `rate_factor`, `weights` are added to those of the scenarios, and the sandbox behaves as `psp` says.
    """

    name: str
    begins: float
    ends: float
    what: str
    rate_factor: float = 1.0
    weights: Mapping[str, float] = {}
    psp: Psp = "usual"


PHASES: Final[tuple[Phase, ...]] = (
    Phase(
        "webhook storm",
        0.25,
        0.33,
        "the PSP keeps its webhooks back, then sends all of them",
        psp="holds_webhooks",
    ),
    Phase(
        "PSP slow", 0.40, 0.50, "the PSP answers after 0.8 s, one of a hundred calls after 3 s", psp="slow"
    ),
    Phase("PSP down", 0.56, 0.59, "the PSP refuses every connection", psp="down"),
    Phase(
        "card testing", 0.66, 0.74, "one address tries cards", rate_factor=1.5, weights={"card_testing": 50}
    ),
    Phase("month end", 0.80, 0.88, "staff export lists", weights={"export": 2}),
)


class Planned(NamedTuple):
    """A stretch of the run in which the weights do not change."""

    stretch: Stretch
    weights: Mapping[str, float]


class Plan(NamedTuple):
    """What a run offers, in the order of time."""

    parts: tuple[Planned, ...]

    @property
    def seconds(self) -> float:
        """How long it offers."""
        return sum(part.stretch.seconds for part in self.parts)

    def rate_at(self, seconds: float) -> float:
        """Arrivals a second at a moment; 0 after the end."""
        for part in self.parts:
            if seconds < part.stretch.seconds:
                return part.stretch.rate_at(seconds)
            seconds -= part.stretch.seconds
        return 0.0


def weights_for(available: Collection[Needs], only: Collection[str] = ()) -> dict[str, float]:
    """The weights of the scenarios that can be had; `only`: of those alone, each with the weight 1 if it has none."""
    wanted = {scenario.name: scenario for scenario in SCENARIOS if scenario.needs in available}
    if only:
        return {name: wanted[name].weight or 1.0 for name in only if name in wanted}
    return {name: scenario.weight for name, scenario in wanted.items()}


def plan(stretches: Sequence[Stretch], weights: Mapping[str, float], phases: Sequence[Phase] = ()) -> Plan:
    """Cut the stretches where phases begin and end. What a phase adds to a scenario that cannot be had is left out."""
    total = sum(stretch.seconds for stretch in stretches)
    parts = []
    for stretch, began in zip(
        stretches, accumulate((one.seconds for one in stretches), initial=0.0), strict=False
    ):
        for begins, ends in _cut(began, began + stretch.seconds, total, phases):
            phase = phase_at(phases, (begins + ends) / 2 / total)
            factor, added = (1.0, {}) if phase is None else (phase.rate_factor, phase.weights)
            together = {name: weight + added.get(name, 0.0) for name, weight in weights.items()}
            lost = sum(weight for name, weight in added.items() if name not in weights)
            base = sum(together.values())
            # Without a scenario the others keep their rates.
            factor *= base / (base + lost)
            parts.append(Planned(stretch.part(begins - began, ends - began, factor), together))
    return Plan(tuple(parts))


def phase_at(phases: Sequence[Phase], share: float) -> Phase | None:
    """The phase at a share of the run's time."""
    return next((phase for phase in phases if phase.begins <= share < phase.ends), None)


def _cut(began: float, ended: float, total: float, phases: Sequence[Phase]) -> Iterator[tuple[float, float]]:
    edges = {edge * total for phase in phases for edge in (phase.begins, phase.ends)}
    return pairwise([began, *sorted(edge for edge in edges if began < edge < ended), ended])


class Draw:
    """Draws scenarios by their weights."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._names = [name for name, weight in weights.items() if weight > 0]
        self._edges = list(accumulate(weights[name] for name in self._names))

    def draw(self, rng: random.Random) -> str:
        """The next scenario. Raises ValueError: no scenario has a weight."""
        if not self._names:
            raise ValueError("No scenario of the mix can be had here. Give the generator what they need.")
        at = bisect_right(self._edges, rng.random() * self._edges[-1])
        return self._names[min(at, len(self._names) - 1)]


def mix_table() -> list[tuple[str, ...]]:
    """The scenarios as rows to print, with a head."""
    return [
        ("scenario", "weight", "needs", "what"),
        *((one.name, f"{one.weight:g}", one.needs, one.what) for one in SCENARIOS),
    ]


def phase_table() -> list[tuple[str, ...]]:
    """The phases as rows to print, with a head."""
    return [
        ("phase", "of the time", "rate", "weights added", "what"),
        *(
            (
                one.name,
                f"{one.begins:.0%} to {one.ends:.0%}",
                f"x {one.rate_factor:g}",
                ", ".join(f"{name} {weight:g}" for name, weight in one.weights.items()),
                one.what,
            )
            for one in PHASES
        ),
    ]
