import { names, texts } from "../../language/texts";
import type { AccountType } from "./tree";

export const ACCOUNTS = texts(
  {
    title: "Ledger accounts",
    account: "Account",
    balances: "Balances",
    prefix: "Begins with",
    prefixHint: "The beginning of a name: psp:stripe, merchant:mer_…",
    currency: "Currency",
    currencyHint: "Three letters: eur",
    entry: (entry: string) => `As of entry ${entry}`,
    own: "Each balance is on the side on which its type of account grows. Sums are of the accounts below them.",
    count: (accounts: number) => (accounts === 1 ? "1 account" : `${accounts.toLocaleString("en")} accounts`),
    partial: (accounts: number) => `The first ${accounts.toLocaleString("en")} accounts by name. Sums are of these alone.`,
    none: "No accounts yet",
    noneWhy: "An account is opened when something is booked to it first.",
    nothing: "No account matches",
    nothingWhy: "Take a filter away to see more.",
    clearAll: "Clear all filters",
  },
  {
    title: "Konten des Hauptbuchs",
    account: "Konto",
    balances: "Salden",
    prefix: "Beginnt mit",
    prefixHint: "Der Anfang eines Namens: psp:stripe, merchant:mer_…",
    currency: "Währung",
    currencyHint: "Drei Buchstaben: eur",
    entry: (entry) => `Stand nach Buchung ${entry}`,
    own: "Jeder Saldo steht auf der Seite, auf der die Art des Kontos wächst. Summen sind die der Konten darunter.",
    count: (accounts) => (accounts === 1 ? "1 Konto" : `${accounts.toLocaleString("de")} Konten`),
    partial: (accounts) => `Die ersten ${accounts.toLocaleString("de")} Konten nach dem Namen. Summen sind die von diesen allein.`,
    none: "Noch keine Konten",
    noneWhy: "Ein Konto wird eröffnet, wenn zum ersten Mal etwas darauf gebucht wird.",
    nothing: "Kein Konto passt",
    nothingWhy: "Nehmen Sie einen Filter weg, um mehr zu sehen.",
    clearAll: "Alle Filter leeren",
  },
);

export const TYPE_NAMES = names<AccountType>(
  { asset: "Assets", liability: "Liabilities", equity: "Equity", revenue: "Revenue", expense: "Expenses" },
  { asset: "Vermögen", liability: "Verbindlichkeiten", equity: "Eigenkapital", revenue: "Erträge", expense: "Aufwendungen" },
);
