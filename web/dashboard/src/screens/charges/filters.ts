// The filters of the list: in the address what is no personal data, in the state of the page what is.

import type { ChargeFilter, ChargeStatus } from "../../api/types";
import type { Mode } from "../../session/permission";
import { beginOf, DAY } from "../../time/days";
import { STATUSES } from "./statuses";

/** In the address. Each is a text, as people may write it there; what is not understood does not filter. */
export interface AddressFilters {
  /** Statuses, with commas between them. */
  readonly status?: string;
  readonly currency?: string;
  /** In minor units of `currency`. */
  readonly amount_from?: string;
  readonly amount_to?: string;
  /** Days in the viewer's zone, both inclusive: `2026-11-27`. */
  readonly from?: string;
  readonly until?: string;
  readonly psp?: string;
  readonly account?: string;
  readonly merchant?: string;
  readonly brand?: string;
  readonly disputed?: "true";
  readonly unknown?: "true";
  readonly review?: "open";
}

/** Of the customer. In `history.state`, which no server and no log sees. */
export interface PersonalFilters {
  readonly email?: string;
  readonly last4?: string;
}

const CURRENCY = /^[a-z]{3}$/;
const WHOLE = /^\d{1,15}$/;
const WORD = /^[a-z0-9_.-]{1,64}$/;

/** The filters of an address. */
export function addressFilters(search: Readonly<Record<string, unknown>>): AddressFilters {
  const text = (name: string, form: RegExp) => {
    const value = search[name];
    return typeof value === "string" && form.test(value) ? { [name]: value } : {};
  };
  const statuses = statusesOf({ status: String(search["status"] ?? "") });
  return {
    ...(statuses.length > 0 ? { status: statuses.join(",") } : {}),
    ...text("currency", CURRENCY),
    ...text("amount_from", WHOLE),
    ...text("amount_to", WHOLE),
    ...text("from", DAY),
    ...text("until", DAY),
    ...text("psp", WORD),
    ...text("account", WORD),
    ...text("merchant", /^mer_\w{1,64}$/),
    ...text("brand", WORD),
    ...text("disputed", /^true$/),
    ...text("unknown", /^true$/),
    ...text("review", /^open$/),
  };
}

export function statusesOf(filters: AddressFilters): readonly ChargeStatus[] {
  const listed = (filters.status ?? "").split(",");
  return STATUSES.filter((status) => listed.includes(status));
}

/** A whole address, not the beginning of one. */
const ADDRESS = /^[^@\s]+@[^@\s]+\.[^@\s.]{2,}$/;

/** What the API is asked for. */
export function chargeFilter(mode: Mode, filters: AddressFilters, personal: PersonalFilters): ChargeFilter {
  const statuses = statusesOf(filters);
  return {
    mode,
    ...(filters.merchant ? { merchant: filters.merchant } : {}),
    ...(statuses.length > 0 ? { status: [...statuses] } : {}),
    ...(filters.currency ? { currency: filters.currency } : {}),
    ...(filters.amount_from ? { amount_from_minor: Number(filters.amount_from) } : {}),
    ...(filters.amount_to ? { amount_to_minor: Number(filters.amount_to) } : {}),
    ...(filters.from ? { created_from: beginOf(filters.from, 0) } : {}),
    ...(filters.until ? { created_before: beginOf(filters.until, 1) } : {}),
    ...(filters.psp ? { psp: filters.psp } : {}),
    ...(filters.account ? { psp_account: filters.account } : {}),
    ...(filters.brand ? { brand: filters.brand } : {}),
    ...(filters.disputed ? { disputed: true } : {}),
    ...(filters.unknown ? { outcome_unknown: true } : {}),
    ...(filters.review ? { review: "open" as const } : {}),
    ...(personal.email ? { [ADDRESS.test(personal.email) ? "customer_email" : "customer_email_prefix"]: personal.email } : {}),
    ...(personal.last4 ? { last4: personal.last4 } : {}),
  };
}

/** Whether anything filters. */
export function isFiltered(filters: AddressFilters, personal: PersonalFilters): boolean {
  return Object.keys(filters).length > 0 || Boolean(personal.email || personal.last4);
}
