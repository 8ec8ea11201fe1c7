// What PSPs took on the last days, by currency, as bars and a table show it.

import type { Home } from "../../api/types";

const DAY_MILLISECONDS = 86_400_000;
export const DAYS = 30;
const WEEK_DAYS = 7;

export interface CurrencyDays {
  readonly currency: string;
  /** Every day up to that of `now`, by UTC, as `2026-11-27`: a day on which nothing was taken has zero. */
  readonly days: readonly { readonly day: string; readonly minor: number }[];
  readonly today: number;
  readonly week: number;
  readonly month: number;
  readonly most: number;
}

/** The currencies in which money was taken, by name. Sums of different currencies are never added. */
export function currenciesOf(money: Home["money"], now: string): readonly CurrencyDays[] {
  const last = Math.floor(Date.parse(now) / DAY_MILLISECONDS);
  const dates = Array.from({ length: DAYS }, (_, index) => new Date((last - (DAYS - 1 - index)) * DAY_MILLISECONDS).toISOString().slice(0, 10));
  const currencies = [...new Set(money.days.map((row) => row.currency))].toSorted();
  return currencies.map((currency) => {
    const taken = new Map(money.days.filter((row) => row.currency === currency).map((row) => [row.day, row.taken_minor]));
    const days = dates.map((day) => ({ day, minor: taken.get(day) ?? 0 }));
    const sum = (of: typeof days) => of.reduce((total, { minor }) => total + minor, 0);
    return { currency, days, today: sum(days.slice(-1)), week: sum(days.slice(-WEEK_DAYS)), month: sum(days), most: Math.max(...days.map(({ minor }) => minor)) };
  });
}
