// Charges by hour as lines. The table below it says the same in figures.

import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useLanguage, useTexts } from "../../language/language";
import type { Hour } from "./rates";
import { HOME } from "./texts";

const HEIGHT_PIXELS = 200;
const HOUR_SECONDS = 3_600;

export function HoursChart({ hours }: { hours: readonly Hour[] }) {
  const t = useTexts(HOME);
  const { locale } = useLanguage();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    let chart: uPlot | null = null;
    const draw = () => {
      chart?.destroy();
      chart = new uPlot(optionsOf(element, hours, locale, t), dataOf(hours), element);
    };
    draw();
    const resized = new ResizeObserver(() => chart?.setSize({ width: element.clientWidth, height: HEIGHT_PIXELS }));
    resized.observe(element);
    scheme.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener("change", draw);
      chart?.destroy();
    };
  }, [hours, locale, t]);
  return <div ref={place} className="chart" aria-hidden="true" />;
}

function dataOf(hours: readonly Hour[]): uPlot.AlignedData {
  return [hours.map((hour) => hour.at / 1000), hours.map((hour) => hour.accepted), hours.map((hour) => hour.succeeded), hours.map((hour) => hour.failed)];
}

function optionsOf(element: HTMLElement, hours: readonly Hour[], locale: string, t: { readonly accepted: string; readonly succeeded: string; readonly failed: string; readonly hour: string }): uPlot.Options {
  // A canvas knows no `light-dark()`: the colours are those that elements of the page have.
  const colourOf = (name: string): string => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    element.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const written = (seconds: number) => clock.format(new Date(seconds * 1000));
  const axis: uPlot.Axis = { stroke: colourOf("--text-quiet"), grid: { stroke: colourOf("--line"), width: 1 }, ticks: { show: false } };
  const line = (label: string, colour: string): uPlot.Series => ({
    label,
    stroke: colourOf(colour),
    width: 2,
    points: { show: true, size: 5 },
    value: (_, value) => (value === null ? "—" : value.toLocaleString(locale)),
  });
  return {
    width: element.clientWidth,
    height: HEIGHT_PIXELS,
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(most, 1) * 1.1] } },
    axes: [
      { ...axis, values: (_, splits) => splits.map(written), incrs: [HOUR_SECONDS, 3 * HOUR_SECONDS, 6 * HOUR_SECONDS] },
      { ...axis, values: (_, splits) => splits.map((value) => (Number.isInteger(value) ? value.toLocaleString(locale) : "")) },
    ],
    series: [{ label: t.hour, value: (_, value) => (value === null ? "—" : written(value)) }, line(t.accepted, "--accent"), line(t.succeeded, "--good"), line(t.failed, "--bad")],
    cursor: { drag: { x: false, y: false } },
    hooks: {
      drawAxes: [
        (plot) => {
          // The last hour is not over: it stands on another ground.
          const [before, present] = [hours.at(-2), hours.at(-1)];
          if (!before || !present) return;
          const from = plot.valToPos(before.at / 1000, "x", true);
          const to = plot.valToPos(present.at / 1000, "x", true);
          plot.ctx.save();
          plot.ctx.fillStyle = colourOf("--plain-ground");
          plot.ctx.fillRect(from, plot.bbox.top, to - from, plot.bbox.height);
          plot.ctx.restore();
        },
      ],
    },
  };
}
