// Why FinCore holds a report, and what a person can do about one.

import type { HeldReport } from "../../api/types";
import { names } from "../../language/texts";

export type ReportAct = "read_again" | "release";

export const REPORT_ACTS: readonly ReportAct[] = ["read_again", "release"];

export const REASONS = names<HeldReport["reason"]>(
  {
    amount_differs: "Another amount",
    amount_exceeds_charge: "More than the charge",
    contradicts_state: "Contradicts the charge's status",
    currency_differs: "Another currency",
    not_understood: "Not understood",
    psp_reference_differs: "Another payment at the PSP",
    psp_reference_taken: "Belongs to another charge",
  },
  {
    amount_differs: "Anderer Betrag",
    amount_exceeds_charge: "Mehr als die Zahlung",
    contradicts_state: "Widerspricht dem Stand der Zahlung",
    currency_differs: "Andere Währung",
    not_understood: "Nicht verstanden",
    psp_reference_differs: "Andere Zahlung beim PSP",
    psp_reference_taken: "Gehört zu anderer Zahlung",
  },
);
