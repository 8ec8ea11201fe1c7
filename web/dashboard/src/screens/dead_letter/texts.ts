import type { DeadLetterDetail } from "../../api/types";
import { texts, type Language } from "../../language/texts";

export const DEAD_LETTER = texts(
  {
    outlook: "What a replay does",
    details: "Details",
    job: "Job",
    reason: "Why it is held",
    attempts: "Attempts",
    since: "Held since",
    charge: "Charge",
    refund: "Refund",
    attempt: "Attempt",
    session: "Checkout session",
    account: "Account",
    event: "Webhook",
    replay: "Replay",
    discard: "Discard",
    discardPreview: "The job is never done. This cannot be taken back.",
    proposeDiscard: "Propose to discard",
    proposePreview: "FinCore has the webhook and could not read it: it may tell of money. The job stays until a second person of finance agrees in Approvals; then it is never done.",
    proposed: "It waits for a second person in Approvals.",
    replayed: "The job is queued again.",
    discarded: "The job is discarded.",
    notDiscardable: "It cannot be discarded: something waits for what it does.",
  },
  {
    outlook: "Was eine Wiederholung tut",
    details: "Einzelheiten",
    job: "Auftrag",
    reason: "Warum er wartet",
    attempts: "Versuche",
    since: "Wartet seit",
    charge: "Zahlung",
    refund: "Erstattung",
    attempt: "Versuch",
    session: "Bezahlsitzung",
    account: "Konto",
    event: "Meldung",
    replay: "Wiederholen",
    discard: "Verwerfen",
    discardPreview: "Der Auftrag wird nie ausgeführt. Das lässt sich nicht zurücknehmen.",
    proposeDiscard: "Verwerfen vorschlagen",
    proposePreview: "FinCore hat die Meldung und konnte sie nicht lesen: Es kann in ihr um Geld gehen. Der Auftrag bleibt, bis eine zweite Person mit Finanzrolle unter „Freigaben“ zustimmt; dann wird er nie ausgeführt.",
    proposed: "Es wartet unter „Freigaben“ auf eine zweite Person.",
    replayed: "Der Auftrag steht wieder an.",
    discarded: "Der Auftrag ist verworfen.",
    notDiscardable: "Er lässt sich nicht verwerfen: Auf das, was er tut, wird gewartet.",
  },
);

type Kind = NonNullable<DeadLetterDetail["kind"]>;
type Outlook = Pick<DeadLetterDetail["outlook"], "does" | "once">;

const SAME_KEY =
  "Der Aufruf trägt den Schlüssel des ersten, und der PSP antwortet wie damals. Ein Aufruf, der älter ist, als der PSP Schlüssel aufhebt, wird nicht wiederholt: Sein Ausgang wird unbekannt, und der PSP wird gefragt.";
const ASKS = "Eine Frage ändert beim PSP nichts. Seine Antwort wird einmal festgehalten: Die Zahlung hat für sie einen Zustand oder nicht.";
const NOTHING_IS_CALLED = "Es wird nichts aufgerufen.";

/** What a replay does, by the kind of the job, in German. */
const GERMAN_OUTLOOKS: Readonly<Record<Kind, Outlook>> = {
  "charge.authorize": { does: "Bittet den PSP, den Betrag der Zahlung zu reservieren oder einzuziehen.", once: SAME_KEY },
  "charge.complete": { does: "Bittet den PSP, einzuziehen oder zu reservieren, was der Kunde freigegeben hat.", once: SAME_KEY },
  "charge.capture": { does: "Bittet den PSP, einzuziehen, was er reserviert hat.", once: SAME_KEY },
  "charge.cancel": { does: "Bittet den PSP, freizugeben, was er reserviert hat.", once: SAME_KEY },
  "charge.resolve": { does: "Fragt den PSP, was aus einem Aufruf mit unbekanntem Ausgang geworden ist.", once: SAME_KEY },
  "charge.follow": { does: "Fragt den PSP, wie es um eine wartende Zahlung steht.", once: ASKS },
  "charge.inquire": { does: "Fragt den PSP einmal, wie es um eine Zahlung steht.", once: ASKS },
  "charge.review": {
    does: "Entscheidet die Prüfung der Zahlung, wenn ihre Zeit um ist, und lässt den PSP freigeben, was abgelehnt wurde.",
    once: "Eine Prüfung wird einmal entschieden.",
  },
  "attempt.reverse": {
    does: "Lässt den PSP zurückgeben, was ein aufgegebener Versuch eingezogen oder reserviert hat.",
    once: "Die Kennung der Erstattung folgt aus dem Versuch, und so auch ihr Schlüssel.",
  },
  "refund.send": { does: "Bittet den PSP, die Erstattung auszuzahlen.", once: SAME_KEY },
  "refund.resolve": { does: "Fragt den PSP, was aus der Erstattung geworden ist.", once: SAME_KEY },
  "checkout_session.follow": {
    does: "Tut, was für die Bezahlsitzung jetzt zu tun ist.",
    once: "Die Kennung jeder Zahlung und jeder Erstattung folgt aus der Sitzung: Keine entsteht zweimal.",
  },
  "checkout_session.expire": { does: "Beendet die Bezahlsitzung, wenn ihre Zeit um ist.", once: "Eine Sitzung endet einmal." },
  "webhook.interpret": {
    does: "Liest die gespeicherte Meldung noch einmal und hält fest, was sie berichtet.",
    once: "Eine Meldung ändert nichts, was das Protokoll schon hat.",
  },
};

/** What a replay does and why it moves no money twice. The server says it in English. */
export function outlookOf({ kind, outlook }: DeadLetterDetail, language: Language): Outlook {
  if (language === "en") return outlook;
  if (kind === null || outlook.left_to_do === "unreadable") {
    return { does: "FinCore kann den Auftrag nicht lesen und hält ihn wieder an.", once: NOTHING_IS_CALLED };
  }
  if (outlook.left_to_do === "nothing") return { does: "Wofür der Auftrag da war, ist vorbei: Er endet ohne Aufruf.", once: NOTHING_IS_CALLED };
  return GERMAN_OUTLOOKS[kind];
}
