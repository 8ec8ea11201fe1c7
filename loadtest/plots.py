"""Plots as inline SVG: lines over the seconds of a run, phases as bands behind them, without any script. Pure."""

import math
from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

WIDTH: Final = 720
HEIGHT: Final = 240
LEFT: Final = 56
RIGHT: Final = 10
TOP: Final = 22
BOTTOM: Final = 26
LINES: Final = 4
TICKS_OF_TIME: Final = 6
_TIME_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400)
COLOURS: Final = 10
"""How many classes of lines the style sheet has."""
_STEPS: Final = (1, 2, 2.5, 5, 10)


class Line(NamedTuple):
    """A name and its points: seconds and a value, None where there is none."""

    name: str
    points: Sequence[tuple[float, float | None]]


class Band(NamedTuple):
    """A phase of the run, in seconds."""

    name: str
    begins: float
    ends: float


def plot(
    title: str,
    unit: str,
    lines: Sequence[Line],
    *,
    seconds: float,
    bands: Sequence[Band] = (),
    is_logarithmic: bool = False,
) -> str:
    """One plot with its title and legend, as HTML. A line without a value is left out."""
    shown = [line for line in lines if any(value is not None for _, value in line.points)]
    values = [value for line in shown for _, value in line.points if value is not None]
    if not values:
        return ""
    scale = _Logarithmic(values) if is_logarithmic else _Even(values)
    parts = [
        *(_band(band, seconds) for band in bands),
        *(_gridline(scale.share(tick), _short(tick)) for tick in scale.ticks),
        *(_time(at, seconds) for at in _moments(seconds)),
        *(
            _path(
                number,
                [(at, None if value is None else scale.share(value)) for at, value in line.points],
                seconds,
            )
            for number, line in enumerate(shown)
        ),
    ]
    label = escape(f"{title}, {unit}")
    legend = "".join(_legend(number, line) for number, line in enumerate(shown))
    return (
        f'<figure><figcaption><h3>{escape(title)}</h3><span class="unit">{escape(unit)}'
        f"{', logarithmic' if is_logarithmic else ''}</span></figcaption>"
        f'<div class="scroll" tabindex="0"><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        f'{"".join(parts)}</svg></div><ul class="legend">{legend}</ul></figure>'
    )


class _Even:
    """From 0 to a round number above the highest value."""

    def __init__(self, values: Sequence[float]) -> None:
        # Where there is nothing but 0 the scale ends at 1.
        highest = max(values) or 1.0
        step = _round_step(highest / LINES)
        count = max(1, math.ceil(highest / step - 1e-9))
        self.ticks = [step * number for number in range(count + 1)]

    def share(self, value: float) -> float:
        """Where a value lies, from 0 at the bottom to 1 at the top."""
        return value / self.ticks[-1]


class _Logarithmic:
    """Powers of ten around the values; what is not above 0 lies at the bottom."""

    def __init__(self, values: Sequence[float]) -> None:
        above = [value for value in values if value > 0] or [1.0]
        low = math.floor(math.log10(min(above)))
        self._low, self._high = low, max(low + 1, math.ceil(math.log10(max(above))))
        self.ticks = [10.0**power for power in range(self._low, self._high + 1)]

    def share(self, value: float) -> float:
        """Where a value lies, from 0 at the bottom to 1 at the top."""
        if value <= 0:
            return 0.0
        return min(1.0, max(0.0, (math.log10(value) - self._low) / (self._high - self._low)))


def _round_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in _STEPS if step * power >= least * (1 - 1e-9))


def _moments(seconds: float) -> list[float]:
    """Round moments of a run, at most TICKS_OF_TIME after the begin."""
    step = next((one for one in _TIME_STEPS if seconds / one <= TICKS_OF_TIME), seconds)
    return [step * number for number in range(int(seconds / step) + 1)]


def _x(at: float, seconds: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, at / seconds))


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def _band(band: Band, seconds: float) -> str:
    begins, ends = _x(band.begins, seconds), _x(band.ends, seconds)
    return (
        f'<rect class="band" x="{begins:.1f}" y="{TOP}" width="{max(1.0, ends - begins):.1f}" height="{HEIGHT - TOP - BOTTOM}"/>'
        f'<text class="band-name" x="{(begins + ends) / 2:.1f}" y="{TOP - 7}">{escape(band.name)}</text>'
    )


def _gridline(share: float, text: str) -> str:
    y = _y(share)
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}">{escape(text)}</text>'
    )


def _time(at: float, seconds: float) -> str:
    anchor = "end" if at > seconds * 0.97 else "middle"
    return f'<text class="time" text-anchor="{anchor}" x="{_x(at, seconds):.1f}" y="{HEIGHT - 8}">{_clock(at)}</text>'


def _path(number: int, points: Sequence[tuple[float, float | None]], seconds: float) -> str:
    drawn, is_down = [], False
    for at, share in points:
        if share is None:
            is_down = False
            continue
        drawn.append(f"{'L' if is_down else 'M'}{_x(at, seconds):.1f} {_y(min(1.0, share)):.1f}")
        # A point with none beside it is drawn as a dot by the round cap of a line without length.
        drawn += [] if is_down else ["h0"]
        is_down = True
    return f'<path class="line {_style(number)}" d="{"".join(drawn)}"/>'


def _style(number: int) -> str:
    """The classes of a line: with more lines than colours the further ones are dashed."""
    return f"s{number % COLOURS}{' dashed' if number >= COLOURS else ''}"


def _legend(number: int, line: Line) -> str:
    values = [value for _, value in line.points if value is not None]
    return (
        f'<li><i class="swatch {_style(number)}"></i>{escape(line.name)} '
        f'<span class="most">at most {_short(max(values))}</span></li>'
    )


def _short(value: float) -> str:
    for above, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= above:
            return f"{value / (1e3 if unit == 'k' else above):.3g}{unit}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 -- from here digits behind the point say nothing


def _clock(seconds: float) -> str:
    if seconds >= 3600:  # noqa: PLR2004 -- an hour
        return f"{int(seconds // 3600)}:{int(seconds % 3600 // 60):02d} h"
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
