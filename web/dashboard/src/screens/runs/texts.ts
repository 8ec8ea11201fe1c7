import { texts } from "../../language/texts";

export const RUNS = texts(
  {
    title: "Reconciliation runs",
    cutOff: "Looked until",
    finished: "Finished",
    files: "Files",
    matched: "Lines matched",
    opened: "Breaks opened",
    closed: "Breaks closed",
    none: "No runs yet",
    noneWhy: "A run compares the statements of PSPs with the ledger. `fincore reconcile run` starts one.",
  },
  {
    title: "Abgleiche",
    cutOff: "Bis wann",
    finished: "Fertig",
    files: "Dateien",
    matched: "Zugeordnete Zeilen",
    opened: "Neue Abweichungen",
    closed: "Geschlossene",
    none: "Noch kein Abgleich",
    noneWhy: "Ein Abgleich vergleicht die Kontoauszüge der PSPs mit dem Hauptbuch. `fincore reconcile run` beginnt einen.",
  },
);
