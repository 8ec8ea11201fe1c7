import { texts } from "../../language/texts";

export const SEALED_DAYS = texts(
  {
    title: "Sealed days",
    lead: "What was booked on a sealed day cannot change unseen. Keep the hash of a day on another system.",
    day: "Day (UTC)",
    entries: "Entries",
    postings: "Postings",
    debits: "Debited",
    hash: "Hash to keep",
    sealed: "Sealed",
    none: "No day is sealed yet",
    noneWhy: "A day is sealed some time after it has ended, once something was booked on it.",
  },
  {
    title: "Versiegelte Tage",
    lead: "Was an einem versiegelten Tag gebucht wurde, kann sich nicht unbemerkt ändern. Heben Sie den Hash eines Tages auf einem anderen System auf.",
    day: "Tag (UTC)",
    entries: "Buchungen",
    postings: "Posten",
    debits: "Im Soll",
    hash: "Hash zum Aufheben",
    sealed: "Versiegelt",
    none: "Noch kein Tag ist versiegelt",
    noneWhy: "Ein Tag wird einige Zeit nach seinem Ende versiegelt, sobald an ihm etwas gebucht wurde.",
  },
);
