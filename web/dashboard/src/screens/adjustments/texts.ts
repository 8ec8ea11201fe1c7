import type { Adjustment } from "../../api/types";
import { names, texts } from "../../language/texts";

export const ADJUSTMENTS = texts(
  {
    title: "Adjustments",
    amount: "Amount",
    kind: "Kind",
    about: "About",
    break: (id: number) => `Break ${id}`,
    by: "By",
    when: "When",
    state: "State",
    reason: "Reason",
    matched: "Matched",
    waits: "The next run matches it",
    reversed: "Taken back",
    none: "No adjustments",
    noneWhy: "What people book for breaks appears here: adjustments, write-offs, and explanations of what PSPs held at first.",
  },
  {
    title: "Berichtigungen",
    amount: "Betrag",
    kind: "Art",
    about: "Wovon",
    break: (id) => `Abweichung ${id}`,
    by: "Von",
    when: "Wann",
    state: "Stand",
    reason: "Grund",
    matched: "Zugeordnet",
    waits: "Der nächste Abgleich ordnet sie zu",
    reversed: "Zurückgenommen",
    none: "Keine Berichtigungen",
    noneWhy: "Was Menschen für Abweichungen buchen, steht hier: Berichtigungen, Abschreibungen und Erklärungen dessen, was PSPs am Anfang hatten.",
  },
);

export const ADJUSTMENT_KINDS = names<Adjustment["kind"]>(
  { adjustment: "Adjustment", write_off: "Write-off" },
  { adjustment: "Berichtigung", write_off: "Abschreibung" },
);

export const ADJUSTED = names<Adjustment["adjusts"]>(
  { balance: "Balance at the PSP", clearing: "Clearing", opening: "What the PSP held at first" },
  { balance: "Guthaben beim PSP", clearing: "Verrechnung", opening: "Was der PSP am Anfang hatte" },
);
