import type { Need } from "../../api/types";
import { names, texts } from "../../language/texts";

export const HOME = texts(
  {
    needs: "What needs a person",
    nothing: "Nothing needs a person now.",
    oldest: "oldest",
    due: "due",
    unavailable: "could not be read",
  },
  {
    needs: "Was eine Person braucht",
    nothing: "Nichts braucht jetzt eine Person.",
    oldest: "ältestes",
    due: "fällig",
    unavailable: "war nicht zu lesen",
  },
);

export const NEEDS = names<Need["kind"]>(
  {
    unknown_outcomes: "Unknown outcomes",
    dead_letters: "Dead letters",
    parked_streams: "Parked streams",
    breaks: "Breaks",
    disputes_due: "Disputes due",
    reviews: "Charges under review",
    held_reports: "Held reports",
    endpoints_failing: "Failing webhook endpoints",
    proposals: "Proposals for a second person",
  },
  {
    unknown_outcomes: "Ungeklärte Ergebnisse",
    dead_letters: "Aufgegebene Aufträge",
    parked_streams: "Angehaltene Ströme",
    breaks: "Abweichungen",
    disputes_due: "Fällige Reklamationen",
    reviews: "Zahlungen in Prüfung",
    held_reports: "Zurückgehaltene Meldungen",
    endpoints_failing: "Gescheiterte Webhook-Adressen",
    proposals: "Vorschläge für eine zweite Person",
  },
);
