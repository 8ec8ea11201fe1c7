// What the last rows of an export say of each currency: its sums, and whether the ledger has the same.

import type { LastRow, Summary } from "./csv_reader";

const AMOUNT = /_minor$/;

/** One column of amounts in one currency; `ledgerMinor` is null where it is compared with nothing. */
export interface Total {
  readonly currency: string;
  readonly column: string;
  readonly amountMinor: bigint;
  readonly ledgerMinor: bigint | null;
  readonly differenceMinor: bigint | null;
}

export function totalsOf(summary: Summary): readonly Total[] {
  const rowOf = (name: string, currency: string) => summary.last.find((row) => row["id"] === name && row["currency"] === currency);
  return summary.last
    .filter((row) => row["id"] === "total" && row["currency"])
    .flatMap((total) => {
      const currency = total["currency"] as string;
      const [ledger, difference] = [rowOf("ledger", currency), rowOf("difference", currency)];
      return Object.keys(total)
        .filter((column) => AMOUNT.test(column) && total[column])
        .map((column) => ({
          currency,
          column,
          amountMinor: amountOf(total, column) ?? 0n,
          ledgerMinor: amountOf(ledger, column),
          differenceMinor: amountOf(difference, column),
        }));
    });
}

/** A cell that begins a formula has an apostrophe before it; an amount below zero is none. */
function amountOf(row: LastRow | undefined, column: string): bigint | null {
  const cell = row?.[column]?.replace(/^'/, "");
  return cell ? BigInt(cell) : null;
}
