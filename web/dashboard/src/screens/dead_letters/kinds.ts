// What a job does, in a few words.

import type { DeadLetter } from "../../api/types";
import { names } from "../../language/texts";

export const KINDS = names<NonNullable<DeadLetter["kind"]>>(
  {
    "charge.authorize": "Authorize a charge",
    "charge.complete": "Complete a charge",
    "charge.capture": "Capture a charge",
    "charge.cancel": "Cancel a charge",
    "charge.resolve": "Find out an outcome",
    "charge.follow": "Look after a charge",
    "charge.inquire": "Ask the PSP about a charge",
    "charge.review": "End a review",
    "attempt.reverse": "Give an attempt's money back",
    "refund.send": "Send a refund",
    "refund.resolve": "Find out a refund's outcome",
    "checkout_session.follow": "Look after a checkout session",
    "checkout_session.expire": "End a checkout session",
    "webhook.interpret": "Read a webhook of a PSP",
  },
  {
    "charge.authorize": "Zahlung autorisieren",
    "charge.complete": "Zahlung abschließen",
    "charge.capture": "Zahlung einziehen",
    "charge.cancel": "Zahlung stornieren",
    "charge.resolve": "Ergebnis klären",
    "charge.follow": "Nach einer Zahlung sehen",
    "charge.inquire": "PSP nach einer Zahlung fragen",
    "charge.review": "Prüfung beenden",
    "attempt.reverse": "Geld eines Versuchs zurückgeben",
    "refund.send": "Erstattung senden",
    "refund.resolve": "Ergebnis einer Erstattung klären",
    "checkout_session.follow": "Nach einer Bezahlsitzung sehen",
    "checkout_session.expire": "Bezahlsitzung beenden",
    "webhook.interpret": "Meldung eines PSP lesen",
  },
);
