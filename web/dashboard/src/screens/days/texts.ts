import { texts } from "../../language/texts";

export const DAYS = texts(
  {
    title: "Reports of days",
    day: "Day (UTC)",
    runs: "Runs",
    chain: "Chain",
    follows: "Follows the day before",
    broken: "The day before has changed",
    sealed: "Sealed",
    none: "No day is sealed yet",
    noneWhy: "The first run of a later day seals the report of a day.",
    soFar: (day: string) => `Report of ${day} so far`,
  },
  {
    title: "Tagesberichte",
    day: "Tag (UTC)",
    runs: "Abgleiche",
    chain: "Kette",
    follows: "Folgt auf den Tag davor",
    broken: "Der Tag davor hat sich geändert",
    sealed: "Versiegelt",
    none: "Noch kein Tag ist versiegelt",
    noneWhy: "Der erste Abgleich eines späteren Tages versiegelt den Bericht eines Tages.",
    soFar: (day) => `Bericht vom ${day} bis jetzt`,
  },
);
