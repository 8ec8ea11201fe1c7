// Times as the viewer's zone and locale write them, and how far away they are.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Date and time in the viewer's zone: `27 Nov 2026, 08:44`; with seconds where the order of things within a minute counts. */
export function formatTime(time: string, locale: string, precision: "day" | "minute" | "second" = "minute"): string {
  const format = new Intl.DateTimeFormat(locale, {
    dateStyle: "medium",
    ...(precision === "day" ? {} : { timeStyle: precision === "minute" ? "short" : "medium" }),
  });
  return format.format(new Date(time));
}

/** The same moment in UTC, for those who compare with logs: `2026-11-27 07:44:12 UTC`. */
export function utcOf(time: string): string {
  return `${new Date(time).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** How far a moment is from another: `in 3 days`, `2 hours ago`. */
export function distanceOf(time: string, from: number, locale: string): string {
  const seconds = Math.round((Date.parse(time) - from) / 1000);
  const away = Math.abs(seconds);
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  if (away < MINUTE) return format.format(seconds, "second");
  if (away < HOUR) return format.format(Math.trunc(seconds / MINUTE), "minute");
  if (away < 2 * DAY) return format.format(Math.trunc(seconds / HOUR), "hour");
  return format.format(Math.trunc(seconds / DAY), "day");
}

/** How much time is between two moments, whichever comes first, in its largest unit, cut off: `3 days`, `5 hours`. */
export function timeLeft(time: string, from: number, locale: string): string {
  const seconds = Math.abs(Math.round((Date.parse(time) - from) / 1000));
  const [size, unit] = seconds < HOUR ? [MINUTE, "minute"] : seconds < 2 * DAY ? [HOUR, "hour"] : [DAY, "day"];
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(Math.trunc(seconds / size));
}
