// Both sides of an entry, by currency.

import type { LedgerEntry } from "../../api/types";

export interface Sides {
  readonly currency: string;
  readonly debitMinor: bigint;
  readonly creditMinor: bigint;
}

/** What is debited and credited in each currency: equal in every entry. */
export function sidesOf(entry: LedgerEntry): readonly Sides[] {
  const currencies = [...new Set(entry.postings.map((posting) => posting.currency))].toSorted();
  return currencies.map((currency) => {
    const sum = (side: "debit" | "credit") =>
      entry.postings.filter((posting) => posting.currency === currency && posting.side === side).reduce((total, posting) => total + BigInt(posting.amount_minor), 0n);
    return { currency, debitMinor: sum("debit"), creditMinor: sum("credit") };
  });
}
