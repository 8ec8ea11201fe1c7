import type { Proposal } from "../../api/types";
import { names, texts } from "../../language/texts";

export const PROPOSALS = texts(
  {
    title: "Approvals",
    break: "Break",
    version: "Version",
    by: "proposed by",
    until: "expires",
    approve: "Approve",
    decline: "Decline",
    withdraw: "Withdraw",
    approvePreview: (what: string, who: string) => `${what}, proposed by ${who}, is carried out now. Amounts and limits are checked again first.`,
    declinePreview: (what: string, who: string) => `${what}, proposed by ${who}, is not carried out.`,
    withdrawPreview: (what: string) => `${what} is not carried out.`,
    sums: (waits: string, agreed: string) => `Of the same person, ${waits} more wait for a second person, and others agreed to ${agreed} today (UTC).`,
    proposerMayNot: "The person who proposed this may not do so any more.",
    proposerUnknown: "Whether that person still works here and has the role is for you to know: FinCore does not learn it from your issuer.",
    give_up: "Give up",
    giveUpPreview: (what: string) => `Two people agreed on this, and it is not carried out yet: ${what}. It ends, unless it was carried out meanwhile.`,
    underWay: "Two people agreed: FinCore carries it out as soon as it can.",
    difference: "Difference of the break",
    counted: "Counted by the limits",
    countedHow: "gross and fee, each without its sign",
    rules: "The rules that are to be live",
    entries: "The entries",
    forMerchant: (merchant: string) => `for charges of ${merchant}`,
    endsAt: (moment: string) => `until ${moment}`,
    decided: "Your decision is kept.",
    none: "Nothing waits for a second person",
    noneWhy: "What is above a limit of one person, or changes live settings, appears here.",
  },
  {
    title: "Freigaben",
    break: "Abweichung",
    version: "Version",
    by: "vorgeschlagen von",
    until: "läuft ab",
    approve: "Annehmen",
    decline: "Ablehnen",
    withdraw: "Zurückziehen",
    approvePreview: (what, who) => `${what}, vorgeschlagen von ${who}, wird jetzt ausgeführt. Beträge und Grenzen werden vorher noch einmal geprüft.`,
    declinePreview: (what, who) => `${what}, vorgeschlagen von ${who}, wird nicht ausgeführt.`,
    withdrawPreview: (what) => `${what} wird nicht ausgeführt.`,
    sums: (waits, agreed) => `Von derselben Person warten weitere ${waits} auf eine zweite Person; ${agreed} wurden heute (UTC) schon angenommen.`,
    proposerMayNot: "Wer das vorgeschlagen hat, darf es nicht mehr.",
    proposerUnknown: "Ob diese Person noch da ist und die Rolle hat, müssen Sie wissen: FinCore erfährt es von Ihrem Anmeldedienst nicht.",
    give_up: "Aufgeben",
    giveUpPreview: (what) => `Zwei Personen haben zugestimmt, und es ist noch nicht ausgeführt: ${what}. Es endet, wenn es nicht inzwischen ausgeführt wurde.`,
    underWay: "Zwei Personen haben zugestimmt: FinCore führt es aus, sobald es geht.",
    difference: "Unterschied der Abweichung",
    counted: "Zählt für die Grenzen",
    countedHow: "Brutto und Gebühr, jedes ohne Vorzeichen",
    rules: "Die Regeln, die gelten sollen",
    entries: "Die Einträge",
    forMerchant: (merchant) => `für Zahlungen von ${merchant}`,
    endsAt: (moment) => `bis ${moment}`,
    decided: "Ihre Entscheidung ist aufgenommen.",
    none: "Nichts wartet auf eine zweite Person",
    noneWhy: "Was über der Grenze einer Person liegt oder Live-Einstellungen ändert, steht hier.",
  },
);

export const KINDS = names<Proposal["kind"]>(
  {
    adjustment: "Adjustment",
    adjustment_reversal: "Reversal of an adjustment",
    fee_plan: "Fee plan",
    live_key: "Live key",
    opening: "Opening balance",
    raw_cards: "Card numbers allowed",
    refund: "Refund",
    risk_list_entries: "Entries of a risk list",
    risk_rules: "Risk rules",
    routing_rules: "Routing rules",
    staff_member: "Member of staff",
    staff_roles: "Roles of a member of staff",
    webhook_discard: "Discard of a webhook",
    write_off: "Write-off",
  },
  {
    adjustment: "Berichtigung",
    adjustment_reversal: "Rücknahme einer Berichtigung",
    fee_plan: "Gebühren",
    live_key: "Live-Schlüssel",
    opening: "Anfangsbestand",
    raw_cards: "Kartennummern erlaubt",
    refund: "Erstattung",
    risk_list_entries: "Einträge einer Risikoliste",
    risk_rules: "Risikoregeln",
    routing_rules: "Wegeregeln",
    staff_member: "Neue Person",
    staff_roles: "Rollen einer Person",
    webhook_discard: "Verwerfen einer Meldung",
    write_off: "Abschreibung",
  },
);

/** Why one person does not do it alone, in German. The server says it in English, with the amounts and names of the case. */
export const GERMAN_REASONS: Readonly<Record<Proposal["kind"], string>> = {
  adjustment: "mehr, als eine Person allein berichtigen darf",
  adjustment_reversal: "mehr, als eine Person allein berichtigen darf",
  fee_plan: "die Gebühren bestimmen, was die Plattform an jeder Zahlung verdient",
  live_key: "ein Live-Schlüssel bewegt echtes Geld",
  opening: "mehr, als eine Person allein berichtigen darf",
  raw_cards: "Kartennummern bringen den Händler und diese Installation unter PCI DSS SAQ D",
  refund: "mehr, als eine Person allein erstatten darf",
  risk_list_entries: "geltende Risikoregeln entscheiden nach der Liste, und die Änderung kann Zahlungen durchlassen",
  risk_rules: "geltende Risikoregeln entscheiden über jede Zahlung",
  routing_rules: "Wegeregeln entscheiden, über welches Konto jede Zahlung geht",
  staff_member: "die Rollen einer Person bestimmen, was sie darf",
  staff_roles: "die Rollen einer Person bestimmen, was sie darf",
  webhook_discard: "FinCore hat die Meldung und konnte sie nicht lesen: Es kann in ihr um Geld gehen",
  write_off: "mehr, als eine Person allein abschreiben darf",
};

/** What is done to the entries of a list, states of risk rules, and kinds of keys. */
export const VALUES = names(
  { add: "Add", remove: "Remove", live: "Live", retired: "Retired", secret: "Secret, for back ends", publishable: "Publishable, for pages" },
  { add: "Eintragen", remove: "Entfernen", live: "Gilt", retired: "Außer Dienst", secret: "Geheim, für Server", publishable: "Öffentlich, für Seiten" },
);

type Field =
  | "account"
  | "adjustment_id"
  | "after"
  | "basis_points"
  | "before"
  | "break_id"
  | "change"
  | "charge"
  | "created_at"
  | "fixed_minor"
  | "groups"
  | "held_at"
  | "job"
  | "key_id"
  | "kind"
  | "last4"
  | "list"
  | "merchant_id"
  | "name"
  | "plan_currency"
  | "prefix"
  | "psp"
  | "psp_account"
  | "psp_event"
  | "refund_reason"
  | "replaces_plan"
  | "report_type"
  | "roles"
  | "state"
  | "subject"
  | "username"
  | "version";

/** What the fields of an act are called; another field is shown by its own name. */
export const FIELDS = names<Field>(
  {
    account: "Account",
    adjustment_id: "Adjustment",
    after: "In place of version",
    basis_points: "Share of each capture",
    before: "Roles now",
    break_id: "Break",
    change: "Change",
    charge: "Charge",
    created_at: "Created",
    fixed_minor: "Fixed part of each capture",
    groups: "Roles",
    held_at: "Held since",
    job: "Job",
    key_id: "Key",
    kind: "Kind",
    last4: "Last 4",
    list: "List",
    merchant_id: "Merchant",
    name: "Name",
    prefix: "Begins with",
    plan_currency: "Currency",
    psp: "PSP",
    psp_account: "Account at the PSP",
    psp_event: "Webhook",
    refund_reason: "Reason of the refund",
    replaces_plan: "In place of plan",
    report_type: "What it reports",
    roles: "Roles from then on",
    state: "State from then on",
    subject: "Id of the person",
    username: "User name",
    version: "Version",
  },
  {
    account: "Konto",
    adjustment_id: "Berichtigung",
    after: "Statt Version",
    basis_points: "Anteil jedes Einzugs",
    before: "Rollen jetzt",
    break_id: "Abweichung",
    change: "Änderung",
    charge: "Zahlung",
    created_at: "Angelegt",
    fixed_minor: "Fester Teil jedes Einzugs",
    groups: "Rollen",
    held_at: "Wartet seit",
    job: "Auftrag",
    key_id: "Schlüssel",
    kind: "Art",
    last4: "Letzte 4",
    list: "Liste",
    merchant_id: "Händler",
    name: "Name",
    prefix: "Beginnt mit",
    plan_currency: "Währung",
    psp: "PSP",
    psp_account: "Konto beim PSP",
    psp_event: "Meldung",
    refund_reason: "Grund der Erstattung",
    replaces_plan: "Statt Plan",
    report_type: "Was sie meldet",
    roles: "Rollen dann",
    state: "Stand dann",
    subject: "Kennung der Person",
    username: "Anmeldename",
    version: "Version",
  },
);
