// The accounts of the ledger as a tree: by type, then by the first word of the name, then by the name without its currency.

import type { LedgerAccount } from "../../api/types";

export type AccountType = LedgerAccount["type"];

export const TYPES: readonly AccountType[] = ["asset", "liability", "equity", "revenue", "expense"];

/** The accounts that differ in their currency alone. */
export interface Family {
  readonly name: string;
  readonly meaning: string;
  readonly accounts: readonly LedgerAccount[];
}

/** What accounts of one type hold in one currency: all of them grow on the same side. */
export interface Sum {
  readonly currency: string;
  readonly amountMinor: bigint;
}

export interface Branch {
  readonly name: string;
  readonly families: readonly Family[];
  readonly sums: readonly Sum[];
}

export interface Trunk {
  readonly type: AccountType;
  readonly branches: readonly Branch[];
  readonly sums: readonly Sum[];
}

/** The tree of some accounts; types without an account are left out. */
export function treeOf(accounts: readonly LedgerAccount[]): readonly Trunk[] {
  return TYPES.flatMap((type) => {
    const ofType = accounts.filter((account) => account.type === type);
    if (ofType.length === 0) return [];
    const branches = grouped(ofType, (account) => firstWord(account.id)).map(([name, ofBranch]) => ({
      name,
      families: grouped(ofBranch, (account) => familyName(account.id)).map(([family, members]) => ({
        name: family,
        meaning: members[0]?.meaning ?? "",
        accounts: members,
      })),
      sums: sumsOf(ofBranch),
    }));
    return [{ type, branches, sums: sumsOf(ofType) }];
  });
}

/** The name of an account without its currency, which is its last word. */
export function familyName(id: string): string {
  return id.slice(0, id.lastIndexOf(":"));
}

function firstWord(id: string): string {
  return id.slice(0, id.indexOf(":"));
}

function sumsOf(accounts: readonly LedgerAccount[]): readonly Sum[] {
  return grouped(accounts, (account) => account.currency)
    .map(([currency, members]) => ({ currency, amountMinor: members.reduce((sum, account) => sum + BigInt(account.balance_minor), 0n) }))
    .toSorted((one, other) => one.currency.localeCompare(other.currency));
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): readonly (readonly [string, readonly T[]])[] {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return [...groups];
}
