// What the navigation lists: one line for each screen that has a place there. The order here is the order on the page.

import type { LinkProps } from "@tanstack/react-router";
import type { Permission } from "../session/permission";
import { NAVIGATION } from "./texts";

export type NavigationName = keyof (typeof NAVIGATION)["en"];

export interface Entry {
  readonly name: NavigationName;
  readonly to: NonNullable<LinkProps["to"]>;
  readonly permission: Permission;
}

export interface Section {
  readonly name: NavigationName | null;
  readonly entries: readonly Entry[];
}

export const SECTIONS: readonly Section[] = [
  { name: null, entries: [{ name: "home", to: "/$mode", permission: "installation.read" }] },
  {
    name: "payments",
    entries: [
      { name: "charges", to: "/$mode/charges", permission: "payments.read" },
      { name: "refunds", to: "/$mode/refunds", permission: "payments.read" },
      { name: "disputes", to: "/$mode/disputes", permission: "payments.read" },
      { name: "unknownOutcomes", to: "/$mode/unknown_outcomes", permission: "payments.read" },
      { name: "reviews", to: "/$mode/reviews", permission: "payments.read" },
      { name: "heldReports", to: "/$mode/held_reports", permission: "payments.read" },
      { name: "proposals", to: "/$mode/proposals", permission: "proposals.read" },
    ],
  },
  {
    name: "books",
    entries: [
      { name: "breaks", to: "/$mode/breaks", permission: "books.read" },
      { name: "runs", to: "/$mode/runs", permission: "books.read" },
      { name: "days", to: "/$mode/days", permission: "books.read" },
      { name: "settlementFiles", to: "/$mode/settlement_files", permission: "books.read" },
      { name: "uncleared", to: "/$mode/uncleared", permission: "books.read" },
      { name: "adjustments", to: "/$mode/adjustments", permission: "books.read" },
      { name: "ledgerAccounts", to: "/$mode/ledger_accounts", permission: "books.read" },
      { name: "trialBalance", to: "/$mode/trial_balance", permission: "books.read" },
      { name: "sealedDays", to: "/$mode/sealed_days", permission: "books.read" },
      { name: "suspense", to: "/$mode/suspense", permission: "books.read" },
    ],
  },
  {
    name: "operations",
    entries: [
      { name: "deadLetters", to: "/$mode/dead_letters", permission: "jobs.read" },
      { name: "deliveries", to: "/$mode/deliveries", permission: "deliveries.read" },
      { name: "endpoints", to: "/$mode/endpoints", permission: "merchants.read" },
    ],
  },
  {
    name: "administration",
    entries: [
      { name: "merchants", to: "/$mode/merchants", permission: "merchants.read" },
      { name: "pspAccounts", to: "/$mode/psp_accounts", permission: "routes.read" },
      { name: "routing", to: "/$mode/routing", permission: "routes.read" },
      { name: "riskRules", to: "/$mode/risk_rules", permission: "rules.read" },
      { name: "riskLists", to: "/$mode/risk_lists", permission: "rules.read" },
      { name: "people", to: "/$mode/people", permission: "staff.read" },
      { name: "auditTrail", to: "/$mode/audit_trail", permission: "audit.read" },
      { name: "installation", to: "/$mode/installation", permission: "installation.read" },
    ],
  },
];
