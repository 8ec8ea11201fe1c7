import assert from "node:assert/strict";
import { test } from "node:test";
import type { LedgerAccount } from "../src/api/types";
import { treeOf } from "../src/screens/ledger_accounts/tree";

function account(id: string, type: LedgerAccount["type"], balanceMinor: number): LedgerAccount {
  const side = type === "asset" || type === "expense" ? "debit" : "credit";
  return {
    object: "ledger_account",
    id,
    type,
    normal_side: side,
    currency: id.slice(-3),
    owner: null,
    meaning: `of ${id}`,
    balance_minor: balanceMinor,
    postings: 1,
    as_of_entry: 1,
  };
}

test("accounts stand below their type and the first word of their name", () => {
  const tree = treeOf([
    account("expense:psp_fees:stripe:default:usd", "expense", 30),
    account("psp:stripe:default:clearing:eur", "asset", 100),
    account("psp:stripe:default:clearing:usd", "asset", -7),
    account("suspense:usd", "asset", 10),
  ]);
  assert.deepEqual(
    tree.map((trunk) => [trunk.type, trunk.branches.map((branch) => [branch.name, branch.families.map((family) => [family.name, family.accounts.length])])]),
    [
      ["asset", [["psp", [["psp:stripe:default:clearing", 2]]], ["suspense", [["suspense", 1]]]]],
      ["expense", [["expense", [["expense:psp_fees:stripe:default", 1]]]]],
    ],
  );
});

test("sums are of one currency each and keep every digit", () => {
  const [asset] = treeOf([
    account("psp:a:x:clearing:usd", "asset", Number.MAX_SAFE_INTEGER),
    account("psp:a:y:clearing:usd", "asset", Number.MAX_SAFE_INTEGER),
    account("psp:a:y:clearing:eur", "asset", -3),
  ]);
  assert.deepEqual(asset?.sums, [
    { currency: "eur", amountMinor: -3n },
    { currency: "usd", amountMinor: 18014398509481982n },
  ]);
});
