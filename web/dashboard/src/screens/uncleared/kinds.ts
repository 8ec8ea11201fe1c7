// What an item on a clearing account is.

import type { UnclearedItem } from "../../api/types";
import { names } from "../../language/texts";

export const ITEM_KINDS = names<UnclearedItem["kind"]>(
  {
    payment: "Payment",
    refund: "Refund",
    refund_failed: "Refund that failed",
    dispute: "Dispute",
    dispute_reinstated: "Dispute won",
    hold: "Held by the PSP",
    release: "Released by the PSP",
    reversal: "Reversal of an attempt",
    fee: "Fee",
    fee_returned: "Fee returned",
    correction: "Correction",
    adjustment: "Adjustment",
  },
  {
    payment: "Zahlung",
    refund: "Erstattung",
    refund_failed: "Gescheiterte Erstattung",
    dispute: "Reklamation",
    dispute_reinstated: "Gewonnene Reklamation",
    hold: "Vom PSP einbehalten",
    release: "Vom PSP freigegeben",
    reversal: "Rücknahme eines Versuchs",
    fee: "Gebühr",
    fee_returned: "Erstattete Gebühr",
    correction: "Korrektur",
    adjustment: "Berichtigung",
  },
);
