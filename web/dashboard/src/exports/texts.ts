import { names, texts } from "../language/texts";

export type ExportName = "charges" | "refunds" | "disputes" | "breaks" | "statement" | "trial_balance";

/** The button of an export, which every list has. */
export const EXPORT = texts({ button: "Export" }, { button: "Exportieren" });

export const EXPORTING = texts(
  {
    what: "What",
    mode: "Mode",
    test: "Test: no real money",
    live: "Live: real money",
    filters: "Filters",
    noFilters: "None: all of them",
    times: "Times",
    utc: "By UTC",
    utcAnd: (zone: string) => `By UTC, and by the clock of ${zone} in further columns`,
    withZone: (zone: string) => `Also times by the clock of ${zone}`,
    audited: "The audit trail keeps your name, the reason, and which filters are set.",
    receiving: (rows: string, megabytes: string) => `${rows} rows, ${megabytes} MB …`,
    beginning: "Asking …",
    stop: "Stop",
    broken: "The download broke off",
    brokenWhy: "Nothing was saved, because the file has no end. Export again: it is the same export.",
    again: "Export again",
    done: "The file is whole",
    rows: (rows: string) => `It has ${rows} rows and is saved as`,
    noAmounts: "It has no amounts.",
    amount: "Amount",
    inFile: "In the file",
    ledger: "In the ledger",
    difference: "Difference",
    notCompared: "not compared",
    ties: "Each sum that is compared is equal in the ledger.",
    differs:
      "A sum differs from the ledger. That is legitimate while one of both is behind, for payments of the last seconds, and where money is in suspense. Look into any other difference.",
    close: "Close",
  },
  {
    what: "Was",
    mode: "Modus",
    test: "Test: kein echtes Geld",
    live: "Live: echtes Geld",
    filters: "Filter",
    noFilters: "Keine: alle",
    times: "Zeiten",
    utc: "Nach UTC",
    utcAnd: (zone) => `Nach UTC und in weiteren Spalten nach der Uhr von ${zone}`,
    withZone: (zone) => `Zeiten auch nach der Uhr von ${zone}`,
    audited: "Das Protokoll behält Ihren Namen, den Grund und welche Filter gesetzt sind.",
    receiving: (rows, megabytes) => `${rows} Zeilen, ${megabytes} MB …`,
    beginning: "Wird angefragt …",
    stop: "Anhalten",
    broken: "Das Herunterladen ist abgebrochen",
    brokenWhy: "Es wurde nichts gespeichert, weil die Datei kein Ende hat. Exportieren Sie noch einmal: Es ist derselbe Export.",
    again: "Noch einmal exportieren",
    done: "Die Datei ist vollständig",
    rows: (rows) => `Sie hat ${rows} Zeilen und ist gespeichert als`,
    noAmounts: "Sie hat keine Beträge.",
    amount: "Betrag",
    inFile: "In der Datei",
    ledger: "Im Hauptbuch",
    difference: "Unterschied",
    notCompared: "nicht verglichen",
    ties: "Jede verglichene Summe ist im Hauptbuch gleich.",
    differs:
      "Eine Summe weicht vom Hauptbuch ab. Das ist in Ordnung, solange eines von beiden zurückliegt, bei Zahlungen der letzten Sekunden und wo Geld auf Klärung wartet. Gehen Sie jeder anderen Abweichung nach.",
    close: "Schließen",
  },
);

export const TITLES = names<ExportName>(
  {
    charges: "Export charges",
    refunds: "Export refunds",
    disputes: "Export disputes",
    breaks: "Export breaks",
    statement: "Export a statement",
    trial_balance: "Export the trial balance",
  },
  {
    charges: "Zahlungen exportieren",
    refunds: "Erstattungen exportieren",
    disputes: "Reklamationen exportieren",
    breaks: "Abweichungen exportieren",
    statement: "Kontoauszug exportieren",
    trial_balance: "Summen und Salden exportieren",
  },
);

export const CONTENTS = names<ExportName>(
  {
    charges: "A row for each charge, the newest first",
    refunds: "A row for each refund, the newest first",
    disputes: "A row for each dispute, the newest first",
    breaks: "A row for each break, those opened last first",
    statement: "The opening, a row for each posting, and the close",
    trial_balance: "A row for each account, on the side of its balance",
  },
  {
    charges: "Eine Zeile je Zahlung, die neueste zuerst",
    refunds: "Eine Zeile je Erstattung, die neueste zuerst",
    disputes: "Eine Zeile je Reklamation, die neueste zuerst",
    breaks: "Eine Zeile je Abweichung, die zuletzt eröffnete zuerst",
    statement: "Der Anfang, eine Zeile je Posten und der Schluss",
    trial_balance: "Eine Zeile je Konto, auf der Seite seines Saldos",
  },
);

/** The columns of amounts; one that is not here is shown by its name in the file. */
export const COLUMNS: Readonly<Record<"en" | "de", Readonly<Record<string, string>>>> = {
  en: {
    amount_minor: "Amount",
    captured_minor: "Captured",
    refunded_minor: "Refunded",
    succeeded_minor: "Succeeded",
    debit_minor: "Debit",
    credit_minor: "Credit",
    balance_minor: "Close",
    withdrawn_minor: "Taken by PSPs",
    held_minor: "Put aside by PSPs",
  },
  de: {
    amount_minor: "Betrag",
    captured_minor: "Eingezogen",
    refunded_minor: "Erstattet",
    succeeded_minor: "Gelungen",
    debit_minor: "Soll",
    credit_minor: "Haben",
    balance_minor: "Schluss",
    withdrawn_minor: "Von PSPs genommen",
    held_minor: "Von PSPs zurückgelegt",
  },
};
