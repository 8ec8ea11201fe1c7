// How a settlement file stands, and as what it is read.

import type { SettlementFile } from "../../api/types";
import { names } from "../../language/texts";
import type { Tone } from "../../parts/status";

export const FILE_STATUSES = names<SettlementFile["status"]>(
  {
    kept: "Waits to be read",
    refused: "Refused",
    read: "Read",
    booked: "Booked",
    dismissed: "Dismissed",
  },
  {
    kept: "Wartet aufs Einlesen",
    refused: "Abgewiesen",
    read: "Eingelesen",
    booked: "Gebucht",
    dismissed: "Verworfen",
  },
);

export const FILE_TONES: Readonly<Record<SettlementFile["status"], Tone>> = {
  kept: "info",
  refused: "bad",
  read: "info",
  booked: "good",
  dismissed: "plain",
};

export const FORMATS = names<SettlementFile["format"]>(
  {
    paypal_stl: "PayPal settlement report",
    stripe_payout_itemized: "Stripe payout reconciliation, itemized",
    stripe_payout_summary: "Stripe payout reconciliation, summary",
  },
  {
    paypal_stl: "PayPal-Abrechnungsbericht",
    stripe_payout_itemized: "Stripe-Auszahlungsabgleich, einzeln",
    stripe_payout_summary: "Stripe-Auszahlungsabgleich, Summen",
  },
);
