import type { UnknownOutcome } from "../../api/types";
import { names, texts } from "../../language/texts";

export const UNKNOWN = texts(
  {
    title: "Unknown outcomes",
    amount: "Amount",
    operation: "What was asked for",
    account: "Account",
    reference: "Reference at the PSP",
    since: "Unknown",
    state: "FinCore",
    asks: "still asks the PSP",
    waits: "waits for a person",
    act: "Act",
    resolve: "Resolve",
    none: "No outcome is unknown",
    noneWhy: "Where a PSP did not answer, FinCore asks it what became of the call. What it cannot find out waits here for a person.",
    outcome: "What the PSP shows",
    choose: "Choose …",
    referenceHint: "Needed where FinCore does not know it. Copy it from the PSP's dashboard.",
    preview: (what: string, outcome: string) => `${what}: FinCore records “${outcome}” and books what follows from it. Say in the reason where you read it.`,
    previewOpen: "Look the payment up at the PSP first, and choose what it shows.",
    live: "Live mode: this is real money.",
    resolved: "The outcome is recorded.",
  },
  {
    title: "Ungeklärte Ergebnisse",
    amount: "Betrag",
    operation: "Was verlangt war",
    account: "Konto",
    reference: "Kennung beim PSP",
    since: "Ungeklärt",
    state: "FinCore",
    asks: "fragt den PSP noch",
    waits: "wartet auf eine Person",
    act: "Tun",
    resolve: "Klären",
    none: "Kein Ergebnis ist ungeklärt",
    noneWhy: "Hat ein PSP nicht geantwortet, fragt FinCore ihn, was aus dem Aufruf wurde. Was so nicht zu klären ist, wartet hier auf eine Person.",
    outcome: "Was der PSP zeigt",
    choose: "Wählen …",
    referenceHint: "Nötig, wo FinCore sie nicht kennt. Übernehmen Sie sie aus der Oberfläche des PSP.",
    preview: (what, outcome) => `${what}: FinCore hält „${outcome}“ fest und bucht, was daraus folgt. Sagen Sie im Grund, wo Sie es gelesen haben.`,
    previewOpen: "Sehen Sie zuerst beim PSP nach und wählen Sie, was er zeigt.",
    live: "Live-Modus: Das ist echtes Geld.",
    resolved: "Das Ergebnis ist festgehalten.",
  },
);

export const OPERATIONS = names<UnknownOutcome["operation"]>(
  { authorize: "Authorize", complete: "Complete", capture: "Capture", cancel: "Cancel", refund: "Refund", reverse: "Give back an attempt" },
  { authorize: "Autorisieren", complete: "Abschließen", capture: "Einziehen", cancel: "Stornieren", refund: "Erstatten", reverse: "Versuch zurückgeben" },
);

export type Outcome = "authorized" | "canceled" | "captured" | "expired" | "failed" | "given_back" | "succeeded";

export const OUTCOMES = names<Outcome>(
  {
    captured: "The money was taken",
    authorized: "The money is held",
    canceled: "The payment was canceled",
    expired: "The hold has expired",
    failed: "It did not happen",
    given_back: "The abandoned attempts have no money",
    succeeded: "The customer got the money back",
  },
  {
    captured: "Das Geld ist eingezogen",
    authorized: "Das Geld ist reserviert",
    canceled: "Die Zahlung ist storniert",
    expired: "Die Reservierung ist verfallen",
    failed: "Es ist nicht geschehen",
    given_back: "Aufgegebene Versuche haben kein Geld",
    succeeded: "Der Kunde hat das Geld zurück",
  },
);

/** What a person can say of an outcome: of a refund, of abandoned attempts, or of the charge itself. */
export function outcomesOf(unknown: UnknownOutcome): readonly Outcome[] {
  if (unknown.refund !== null) return ["succeeded", "failed"];
  if (unknown.operation === "reverse") return ["given_back"];
  return ["captured", "authorized", "canceled", "expired", "failed"];
}
