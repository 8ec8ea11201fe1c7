import type { PspAccount } from "../../api/types";
import { names, texts } from "../../language/texts";

export const PSP_ACCOUNTS = texts(
  {
    title: "PSP accounts",
    none: "No account takes charges of this mode. `FINCORE_PSP_ACCOUNTS_FILE` declares accounts.",
    isDefault: "Default of its PSP",
    breaker: "Breaker",
    unknownBreaker: "Could not be read",
    since: "since",
    takes: "Takes",
    holds: "Holds money with",
    holdFor: "A hold lasts",
    days: (count: number) => (count === 1 ? "1 day" : `${count.toLocaleString("en")} days`),
    challenges: "Can challenge with",
    currencies: "Amounts by currency",
    currency: "Currency",
    least: "Least",
    most: "Most",
    steps: "In steps of",
    more: (count: number) => `All ${count.toLocaleString("en")} currencies`,
  },
  {
    title: "PSP-Konten",
    none: "Kein Konto nimmt Zahlungen dieses Modus an. `FINCORE_PSP_ACCOUNTS_FILE` richtet Konten ein.",
    isDefault: "Voreingestellt bei seinem PSP",
    breaker: "Sicherung",
    unknownBreaker: "War nicht zu lesen",
    since: "seit",
    takes: "Nimmt an",
    holds: "Reserviert mit",
    holdFor: "Eine Reservierung hält",
    days: (count) => (count === 1 ? "1 Tag" : `${count.toLocaleString("de")} Tage`),
    challenges: "Kann prüfen mit",
    currencies: "Beträge nach Währung",
    currency: "Währung",
    least: "Mindestens",
    most: "Höchstens",
    steps: "In Schritten von",
    more: (count) => `Alle ${count.toLocaleString("de")} Währungen`,
  },
);

export const BREAKERS = names<NonNullable<PspAccount["breaker"]>>(
  { closed: "Closed: charges go there", half_open: "Half open: one call tries it", open: "Open: charges go elsewhere" },
  { closed: "Geschlossen: Zahlungen gehen dorthin", half_open: "Halb offen: Ein Aufruf probiert es", open: "Offen: Zahlungen gehen woandershin" },
);
