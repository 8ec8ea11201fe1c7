// How charges fared in the last hours, as a chart and a table show it.

import type { Rates } from "../../api/types";

const HOUR_MILLISECONDS = 3_600_000;
export const HOURS = 24;
/** Under so many charges with an outcome a share says little, and none is shown. */
export const OUTCOMES_MIN = 20;

/** How charges stand now. Each is in one of the four. */
interface Counts {
  readonly accepted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly canceledOrExpired: number;
  readonly unfinished: number;
}

export interface Hour extends Counts {
  /** When it began, in milliseconds since 1970. */
  readonly at: number;
}

/** Every hour up to the one of `now`, all accounts together: an hour without a charge has zeros. */
export function hoursOf(rates: Rates, now: string): readonly Hour[] {
  const last = Math.floor(Date.parse(now) / HOUR_MILLISECONDS) * HOUR_MILLISECONDS;
  return Array.from({ length: HOURS }, (_, index) => {
    const at = last - (HOURS - 1 - index) * HOUR_MILLISECONDS;
    return { at, ...countsOf(rates.hours.filter((row) => Date.parse(row.hour) === at)) };
  });
}

export interface AccountRate extends Counts {
  readonly account: string;
  /** Of those that succeeded or failed how many succeeded, from 0 to 1; null: too few did either. */
  readonly share: number | null;
}

/** The same by account, all hours together. */
export function accountsOf(rates: Rates): readonly AccountRate[] {
  const accounts = [...new Set(rates.hours.map((row) => `${row.psp}/${row.psp_account}`))].toSorted();
  return accounts.map((account) => {
    const counts = countsOf(rates.hours.filter((row) => `${row.psp}/${row.psp_account}` === account));
    const outcomes = counts.succeeded + counts.failed;
    return { account, ...counts, share: outcomes < OUTCOMES_MIN ? null : counts.succeeded / outcomes };
  });
}

function countsOf(rows: Rates["hours"]): Counts {
  const sum = (name: "accepted" | "succeeded" | "failed" | "unfinished") => rows.reduce((total, row) => total + row[name], 0);
  const [accepted, succeeded, failed, unfinished] = [sum("accepted"), sum("succeeded"), sum("failed"), sum("unfinished")];
  return { accepted, succeeded, failed, canceledOrExpired: accepted - succeeded - failed - unfinished, unfinished };
}
