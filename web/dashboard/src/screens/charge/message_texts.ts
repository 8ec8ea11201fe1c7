import type { ChargeInFull, HeldReport } from "../../api/types";
import { names, texts } from "../../language/texts";

export const MESSAGES = texts(
  {
    attempts: "Attempts",
    held: "Reports that wait for a person",
    read_again: "Read again",
    release: "Dismiss",
    readAgainPreview: "The worker reads the report again. If it understands it now, the report takes effect and waits no more.",
    releasePreview: "The report has no effect on the charge, and refunds of the charge are accepted again. Compare it with the PSP first.",
    decided: "Your decision is kept.",
    reports: "Webhooks of the PSP",
    noReports: "The PSP has sent nothing about this charge.",
    isHeld: "Held",
    deliveries: "Webhooks to the merchant",
    noDeliveries: "Nothing was sent to the merchant in the last 30 days.",
    tries: (count: number) => (count === 1 ? "1 attempt" : `${count.toLocaleString("en")} attempts`),
  },
  {
    attempts: "Versuche",
    held: "Meldungen, die auf eine Person warten",
    read_again: "Noch einmal lesen",
    release: "Verwerfen",
    readAgainPreview: "Die Meldung wird noch einmal gelesen. Wird sie jetzt verstanden, wirkt sie und wartet nicht mehr.",
    releasePreview: "Die Meldung wirkt nicht auf die Zahlung, und Erstattungen der Zahlung werden wieder angenommen. Vergleichen Sie vorher mit dem PSP.",
    decided: "Ihre Entscheidung ist aufgenommen.",
    reports: "Webhooks des PSP",
    noReports: "Der PSP hat zu dieser Zahlung nichts gesendet.",
    isHeld: "Zurückgehalten",
    deliveries: "Webhooks an den Händler",
    noDeliveries: "Dem Händler wurde in den letzten 30 Tagen nichts gesendet.",
    tries: (count) => (count === 1 ? "1 Versuch" : `${count.toLocaleString("de")} Versuche`),
  },
);

type AttemptStatus = ChargeInFull["attempts"][number]["status"];

export const ATTEMPTS = names<AttemptStatus>(
  {
    current: "This one counts",
    abandoned: "Took no money",
    authorized: "Holds money after all",
    captured: "Took money after all",
    released: "Released what it held",
    reversed: "Gave the money back",
    reversal_failed: "Did not give it back",
  },
  {
    current: "Dieser gilt",
    abandoned: "Nahm kein Geld",
    authorized: "Hält doch Geld",
    captured: "Nahm doch Geld",
    released: "Gab Gehaltenes frei",
    reversed: "Gab das Geld zurück",
    reversal_failed: "Gab es nicht zurück",
  },
);

export const HELD_BECAUSE = names<HeldReport["reason"]>(
  {
    amount_differs: "Another amount",
    amount_exceeds_charge: "More than the charge",
    contradicts_state: "Contradicts the charge",
    currency_differs: "Another currency",
    not_understood: "Not understood",
    psp_reference_differs: "Another payment at the PSP",
    psp_reference_taken: "A payment of another charge",
  },
  {
    amount_differs: "Anderer Betrag",
    amount_exceeds_charge: "Mehr als die Zahlung",
    contradicts_state: "Widerspricht der Zahlung",
    currency_differs: "Andere Währung",
    not_understood: "Nicht verstanden",
    psp_reference_differs: "Andere Zahlung beim PSP",
    psp_reference_taken: "Zahlung einer anderen Buchung",
  },
);
