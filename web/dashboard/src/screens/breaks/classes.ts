// What is different, and how a break stands, in a few words.

import type { Break } from "../../api/types";
import { names } from "../../language/texts";
import type { Tone } from "../../parts/status";

export const CLASSES = names<Break["break_class"]>(
  {
    missing_there: "Missing in the statement",
    missing_here: "Missing in the ledger",
    amount: "Other amount",
    fee: "Other fee",
    fee_not_returned: "Fee not returned",
    currency: "Other currency",
    duplicate: "Told twice",
    hold: "Held by the PSP",
    unexpected_movement: "Unexpected movement",
    incomplete_conversion: "Incomplete conversion",
    payout_total: "Total of a payout",
    payout_unknown: "Unknown payout",
    payout_unreported: "Payout without a file",
    payout_overdue: "Payout overdue",
    unexplained_remainder: "Unexplained remainder",
    balance: "Balance",
    late: "Statement late",
    bank_amount: "Other amount at the bank",
    bank_missing: "Missing at the bank",
    adjustment: "Adjustment",
    file_refused: "File refused",
    file_replaced: "File replaced",
    file_late: "File late",
    file_gap: "File missing",
  },
  {
    missing_there: "Fehlt im Kontoauszug",
    missing_here: "Fehlt im Hauptbuch",
    amount: "Anderer Betrag",
    fee: "Andere Gebühr",
    fee_not_returned: "Gebühr nicht erstattet",
    currency: "Andere Währung",
    duplicate: "Zweimal gemeldet",
    hold: "Vom PSP einbehalten",
    unexpected_movement: "Unerwartete Bewegung",
    incomplete_conversion: "Unvollständiger Umtausch",
    payout_total: "Summe einer Auszahlung",
    payout_unknown: "Unbekannte Auszahlung",
    payout_unreported: "Auszahlung ohne Datei",
    payout_overdue: "Auszahlung überfällig",
    unexplained_remainder: "Ungeklärter Rest",
    balance: "Kontostand",
    late: "Kontoauszug verspätet",
    bank_amount: "Anderer Betrag bei der Bank",
    bank_missing: "Fehlt bei der Bank",
    adjustment: "Berichtigung",
    file_refused: "Datei abgewiesen",
    file_replaced: "Datei ersetzt",
    file_late: "Datei verspätet",
    file_gap: "Datei fehlt",
  },
);

export const STATUSES = names<Break["status"]>(
  {
    open: "Open",
    explained: "Explained",
    claimed: "Claimed",
    adjusted: "Adjusted",
    written_off: "Written off",
    dismissed: "Dismissed",
    matched_late: "Resolved late",
    merged: "Merged",
  },
  {
    open: "Offen",
    explained: "Erklärt",
    claimed: "Gefordert",
    adjusted: "Berichtigt",
    written_off: "Abgeschrieben",
    dismissed: "Verworfen",
    matched_late: "Später geklärt",
    merged: "Zusammengelegt",
  },
);

export const TONES: Readonly<Record<Break["status"], Tone>> = {
  open: "bad",
  explained: "info",
  claimed: "warn",
  adjusted: "good",
  written_off: "good",
  dismissed: "plain",
  matched_late: "good",
  merged: "plain",
};
