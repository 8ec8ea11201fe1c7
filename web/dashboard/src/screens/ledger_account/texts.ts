import type { Posting } from "../../api/types";
import { names, texts } from "../../language/texts";

export const STATEMENT = texts(
  {
    account: "Account",
    booked: "Booked",
    opening: "Opening",
    closing: "Close",
    between: "Postings between",
    movement: "Movement",
    side: "Grows by",
    facts: "Statement",
    postings: "Postings, the last booked first",
    when: "Booked",
    kind: "What happened",
    subject: "Of",
    debit: "Debit",
    credit: "Credit",
    balance: "Balance after it",
    entry: "Entry",
    effective: "Money moved",
    none: "No postings in this time",
    noneWhy: "The balance did not change. Choose another time to see more.",
  },
  {
    account: "Konto",
    booked: "Gebucht",
    opening: "Anfang",
    closing: "Schluss",
    between: "Posten dazwischen",
    movement: "Bewegung",
    side: "Wächst im",
    facts: "Kontoauszug",
    postings: "Posten, die zuletzt gebuchten zuerst",
    when: "Gebucht",
    kind: "Was geschah",
    subject: "Wozu",
    debit: "Soll",
    credit: "Haben",
    balance: "Saldo danach",
    entry: "Buchung",
    effective: "Geld bewegt",
    none: "Keine Posten in dieser Zeit",
    noneWhy: "Der Saldo hat sich nicht geändert. Wählen Sie eine andere Zeit, um mehr zu sehen.",
  },
);

export const SIDES = names<Posting["side"]>({ debit: "debit", credit: "credit" }, { debit: "Soll", credit: "Haben" });

/** What a movement is for. */
export const PURPOSES = names<Posting["purpose"]>(
  {
    principal: "amount",
    platform_fee: "platform fee",
    psp_fee: "PSP fee",
    dispute_fee: "dispute fee",
    settlement_gross: "gross of statement lines",
    settlement_fee: "fees of statement lines",
    settlement_charge_gross: "gross in the currency of the charges",
    settlement_realised: "realised by the rate",
  },
  {
    principal: "Betrag",
    platform_fee: "Plattformgebühr",
    psp_fee: "PSP-Gebühr",
    dispute_fee: "Reklamationsgebühr",
    settlement_gross: "Brutto der Auszugszeilen",
    settlement_fee: "Gebühren der Auszugszeilen",
    settlement_charge_gross: "Brutto in der Währung der Zahlungen",
    settlement_realised: "durch den Kurs realisiert",
  },
);
