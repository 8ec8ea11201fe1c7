// How a dispute stands, and how soon it has to be answered.

import type { Dispute } from "../../api/types";
import { names } from "../../language/texts";
import type { Tone } from "../../parts/status";

export const STATUSES = names<Dispute["status"]>(
  { needs_response: "Needs a response", under_review: "With the bank", won: "Won", lost: "Lost", closed: "Closed" },
  { needs_response: "Braucht eine Antwort", under_review: "Bei der Bank", won: "Gewonnen", lost: "Verloren", closed: "Geschlossen" },
);

export const URGENCIES = names<Dispute["urgency"]>(
  { overdue: "Overdue", within_a_day: "Within a day", within_three_days: "Within three days", later: "Later", none: "—" },
  { overdue: "Überfällig", within_a_day: "Binnen einem Tag", within_three_days: "Binnen drei Tagen", later: "Später", none: "—" },
);

export const URGENCY_TONES: Readonly<Record<Dispute["urgency"], Tone>> = {
  overdue: "bad",
  within_a_day: "bad",
  within_three_days: "warn",
  later: "info",
  none: "plain",
};
