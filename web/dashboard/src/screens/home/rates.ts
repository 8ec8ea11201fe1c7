// How charges fared in the last hours, as a chart and a table show it.

import type { Rates } from "../../api/types";

const HOUR_MILLISECONDS = 3_600_000;
export const HOURS = 24;
/** Under so many charges with an outcome a share says little, and none is shown. */
export const OUTCOMES_MIN = 20;

export interface Hour {
  /** When it began, in milliseconds since 1970. */
  readonly at: number;
  readonly accepted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly unfinished: number;
}

/** Every hour up to the one of `now`, all accounts together: an hour without a charge has zeros. */
export function hoursOf(rates: Rates, now: string): readonly Hour[] {
  const last = Math.floor(Date.parse(now) / HOUR_MILLISECONDS) * HOUR_MILLISECONDS;
  return Array.from({ length: HOURS }, (_, index) => {
    const at = last - (HOURS - 1 - index) * HOUR_MILLISECONDS;
    const rows = rates.hours.filter((row) => Date.parse(row.hour) === at);
    const sum = (name: "accepted" | "succeeded" | "failed" | "unfinished") => rows.reduce((total, row) => total + row[name], 0);
    return { at, accepted: sum("accepted"), succeeded: sum("succeeded"), failed: sum("failed"), unfinished: sum("unfinished") };
  });
}

export interface AccountRate {
  readonly account: string;
  readonly accepted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly unfinished: number;
  /** Of those with an outcome how many succeeded, from 0 to 1; null: too few have one. */
  readonly share: number | null;
}

/** The same by account, all hours together. */
export function accountsOf(rates: Rates): readonly AccountRate[] {
  const accounts = [...new Set(rates.hours.map((row) => `${row.psp}/${row.psp_account}`))].toSorted();
  return accounts.map((account) => {
    const rows = rates.hours.filter((row) => `${row.psp}/${row.psp_account}` === account);
    const sum = (name: "accepted" | "succeeded" | "failed" | "unfinished") => rows.reduce((total, row) => total + row[name], 0);
    const [succeeded, failed] = [sum("succeeded"), sum("failed")];
    const outcomes = succeeded + failed;
    return { account, accepted: sum("accepted"), succeeded, failed, unfinished: sum("unfinished"), share: outcomes < OUTCOMES_MIN ? null : succeeded / outcomes };
  });
}
