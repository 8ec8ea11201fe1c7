// What a charge is, in one or two words, for lists and heads.

import type { ChargeStatus, ChargeSummary } from "../../api/types";
import { names } from "../../language/texts";
import type { Tone } from "../../parts/status";

/** What a row says of a charge: its status, or what has happened to it since that matters more. */
export type ChargeState = ChargeStatus | "disputed" | "refunded" | "partly_refunded" | "under_review" | "outcome_unknown";

export const STATUSES: readonly ChargeStatus[] = ["succeeded", "authorized", "processing", "requires_action", "failed", "canceled", "expired"];

export const STATES = names<ChargeState>(
  {
    processing: "Processing",
    requires_action: "Waits for customer",
    authorized: "Authorized",
    succeeded: "Succeeded",
    failed: "Failed",
    canceled: "Canceled",
    expired: "Expired",
    disputed: "Disputed",
    refunded: "Refunded",
    partly_refunded: "Partly refunded",
    under_review: "Under review",
    outcome_unknown: "Outcome unknown",
  },
  {
    processing: "In Arbeit",
    requires_action: "Wartet auf Kunden",
    authorized: "Autorisiert",
    succeeded: "Erfolgreich",
    failed: "Gescheitert",
    canceled: "Storniert",
    expired: "Verfallen",
    disputed: "Reklamiert",
    refunded: "Erstattet",
    partly_refunded: "Teilweise erstattet",
    under_review: "In Prüfung",
    outcome_unknown: "Ergebnis unbekannt",
  },
);

export const TONES: Readonly<Record<ChargeState, Tone>> = {
  processing: "info",
  requires_action: "info",
  authorized: "info",
  succeeded: "good",
  failed: "bad",
  canceled: "plain",
  expired: "plain",
  disputed: "bad",
  refunded: "plain",
  partly_refunded: "plain",
  under_review: "warn",
  outcome_unknown: "warn",
};

type Facts = Pick<
  ChargeSummary,
  "status" | "disputed" | "amount_captured_minor" | "amount_refunded_minor" | "outcome_unknown_since" | "review"
>;

export function stateOf(charge: Facts): ChargeState {
  if (charge.outcome_unknown_since !== null) return "outcome_unknown";
  if (charge.review === "open") return "under_review";
  if (charge.disputed) return "disputed";
  if (charge.amount_refunded_minor > 0) {
    return charge.amount_refunded_minor >= charge.amount_captured_minor ? "refunded" : "partly_refunded";
  }
  return charge.status;
}
