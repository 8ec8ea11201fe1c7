import type { Proposal } from "../../api/types";
import { names, texts } from "../../language/texts";

export const PROPOSALS = texts(
  {
    title: "Second person",
    by: "proposed by",
    until: "expires",
    approve: "Approve",
    decline: "Decline",
    withdraw: "Withdraw",
    approvePreview: (what: string, who: string) => `${what}, proposed by ${who}, is carried out now. Amounts and limits are checked again first.`,
    declinePreview: (what: string, who: string) => `${what}, proposed by ${who}, is not carried out.`,
    withdrawPreview: (what: string) => `${what} is not carried out.`,
    decided: "Your decision is kept.",
    none: "Nothing waits for a second person",
    noneWhy: "What is above a limit of one person, or changes live settings, appears here.",
  },
  {
    title: "Zweite Person",
    by: "vorgeschlagen von",
    until: "läuft ab",
    approve: "Annehmen",
    decline: "Ablehnen",
    withdraw: "Zurückziehen",
    approvePreview: (what, who) => `${what}, vorgeschlagen von ${who}, wird jetzt ausgeführt. Beträge und Grenzen werden vorher noch einmal geprüft.`,
    declinePreview: (what, who) => `${what}, vorgeschlagen von ${who}, wird nicht ausgeführt.`,
    withdrawPreview: (what) => `${what} wird nicht ausgeführt.`,
    decided: "Ihre Entscheidung ist aufgenommen.",
    none: "Nichts wartet auf eine zweite Person",
    noneWhy: "Was über der Grenze einer Person liegt oder Live-Einstellungen ändert, steht hier.",
  },
);

export const KINDS = names<Proposal["kind"]>(
  {
    adjustment: "Adjustment",
    adjustment_reversal: "Reversal of an adjustment",
    live_key: "Live key",
    opening: "Opening balance",
    refund: "Refund",
    risk_rules: "Risk rules",
    routing_rules: "Routing rules",
    staff_member: "Member of staff",
    staff_roles: "Roles of a member of staff",
    write_off: "Write-off",
  },
  {
    adjustment: "Berichtigung",
    adjustment_reversal: "Rücknahme einer Berichtigung",
    live_key: "Live-Schlüssel",
    opening: "Anfangsbestand",
    refund: "Erstattung",
    risk_rules: "Risikoregeln",
    routing_rules: "Wegeregeln",
    staff_member: "Neue Person",
    staff_roles: "Rollen einer Person",
    write_off: "Abschreibung",
  },
);
