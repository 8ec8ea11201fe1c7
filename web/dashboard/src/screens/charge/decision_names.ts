// What became of attempts, what risk rules decide, and why accounts are left out.

import type { ChargeInFull } from "../../api/types";
import { names } from "../../language/texts";

type Risk = NonNullable<ChargeInFull["risk"]>;

export const ATTEMPTS = names<ChargeInFull["attempts"][number]["status"]>(
  {
    current: "This one counts",
    abandoned: "Took no money",
    authorized: "Holds money: it is given back",
    captured: "Took money: it is given back",
    released: "Hold released",
    reversed: "Money given back",
    reversal_failed: "Money could not be given back",
  },
  {
    current: "Dieser zählt",
    abandoned: "Zog kein Geld ein",
    authorized: "Reserviert Geld: wird freigegeben",
    captured: "Zog Geld ein: wird zurückgegeben",
    released: "Reservierung freigegeben",
    reversed: "Geld zurückgegeben",
    reversal_failed: "Geld ließ sich nicht zurückgeben",
  },
);

export const RISK_DECISIONS = names<Risk["decision"]>(
  { allow: "Allow", block: "Block", challenge: "Challenge", review: "Review" },
  { allow: "Zulassen", block: "Sperren", challenge: "Nachfragen", review: "Prüfen" },
);

export const RISK_LEVELS = names<NonNullable<ChargeInFull["psp_risk"]>["level"]>(
  { normal: "Normal", elevated: "Elevated", highest: "Highest", not_assessed: "Not assessed", unknown: "Unknown" },
  { normal: "Gewöhnlich", elevated: "Erhöht", highest: "Höchstes", not_assessed: "Nicht bewertet", unknown: "Unbekannt" },
);

export const UNAVAILABLE = names<NonNullable<Risk["unavailable"]>>(
  {
    engine_slow: "The function of the risk engine was too slow",
    engine_unavailable: "The function of the risk engine failed",
    no_rules: "No rules could be read",
    store_slow: "The store of counters was too slow",
    store_unavailable: "The store of counters did not answer",
  },
  {
    engine_slow: "Die Funktion der Risikoprüfung war zu langsam",
    engine_unavailable: "Die Funktion der Risikoprüfung schlug fehl",
    no_rules: "Keine Regeln waren zu lesen",
    store_slow: "Der Speicher der Zähler war zu langsam",
    store_unavailable: "Der Speicher der Zähler antwortete nicht",
  },
);

export const SKIPS = names<NonNullable<ChargeInFull["plan"]>["skipped"][number]["reason"]>(
  {
    account_not_configured: "The account is not set up",
    amount_not_expressible: "The account cannot express the amount",
    amount_too_large: "The amount is too large",
    amount_too_small: "The amount is too small",
    attempts_max_reached: "There are attempts enough before it",
    currency_not_supported: "It does not take the currency",
    no_token_of_card: "It has no token of the card",
    not_chosen_by_rule: "The rule did not choose it",
    not_default: "It is not the default account",
    payment_method_not_taken: "It does not take the payment method",
    token_of_other_account: "The token belongs to another account",
  },
  {
    account_not_configured: "Das Konto ist nicht eingerichtet",
    amount_not_expressible: "Das Konto kann den Betrag nicht ausdrücken",
    amount_too_large: "Der Betrag ist zu groß",
    amount_too_small: "Der Betrag ist zu klein",
    attempts_max_reached: "Es gibt vorher genug Versuche",
    currency_not_supported: "Es nimmt die Währung nicht",
    no_token_of_card: "Es hat kein Token der Karte",
    not_chosen_by_rule: "Die Regel hat es nicht gewählt",
    not_default: "Es ist nicht das Vorgabekonto",
    payment_method_not_taken: "Es nimmt das Zahlungsmittel nicht",
    token_of_other_account: "Das Token gehört zu einem anderen Konto",
  },
);
