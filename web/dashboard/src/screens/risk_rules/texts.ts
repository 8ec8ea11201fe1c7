import type { RiskBackTest, RiskRules, RiskVersion } from "../../api/types";
import { names, texts } from "../../language/texts";
import type { Tone } from "../../parts/status";

export const RISK_RULES = texts(
  {
    title: "Risk rules",
    versions: "Versions",
    none: "No rules were ever drafted: every charge is allowed.",
    changes: "Changes of use",
    noChanges: "No version was ever used.",
    became: (from: string, to: string) => `${from} → ${to}`,
    draft: "Draft rules",
    draftPreview: "The text is kept as a further version. No charge is assessed by a draft.",
    drafted: "The draft is kept.",
    rules: "Rules, in the order in which they decide",
    text: "Text",
    stage: "Stage",
    until: "Until",
    shadow: "Put in shadow",
    shadowPreview: (version: number) => `Every charge is assessed by version ${version} beside the live one. Nothing follows from what it says.`,
    live: "Propose to be live",
    livePreview: (version: number) => `Version ${version} decides about charges once a second person has approved it. The live one is retired then.`,
    retire: "Retire",
    retirePreview: (version: number) => `Version ${version} is out of use. No charge is assessed by it any more.`,
    retireLivePreview: (version: number) => `Version ${version} is out of use once a second person has approved it. Without live rules no charge is blocked or reviewed.`,
    done: "It is done.",
    proposed: "A second person must approve it now. It waits under “Approvals”.",
    trial: "What it would have done",
    trialWhy: "With up to 2,000 charges of the past, each with counters and lists as they stood then. Nothing is changed.",
    backTest: "Back-test",
    comparison: "Compare its shadow",
    since: "From day",
    untilDay: "To day",
    trying: "Trying … this takes some seconds.",
    looked: (count: number) => (count === 1 ? "1 charge looked at" : `${count.toLocaleString("en")} charges looked at`),
    cutOff: "There are more that were not looked at.",
    decision: "Decision",
    charges: "Charges",
    results: "What became of them",
    rule: "Rule",
    hits: "Hits",
    decided: "Decided",
    errors: "Errors",
    differences: "Decided otherwise then",
    noDifferences: "No charge was decided otherwise.",
    thenNow: (then: string, now: string) => `then ${then}, now ${now}`,
  },
  {
    title: "Risikoregeln",
    versions: "Versionen",
    none: "Es wurden nie Regeln entworfen: Jede Zahlung wird zugelassen.",
    changes: "Wechsel der Verwendung",
    noChanges: "Keine Version wurde je verwendet.",
    became: (from, to) => `${from} → ${to}`,
    draft: "Regeln entwerfen",
    draftPreview: "Der Text wird als weitere Version aufgehoben. Ein Entwurf bewertet keine Zahlung.",
    drafted: "Der Entwurf ist aufgehoben.",
    rules: "Regeln in der Reihenfolge, in der sie entscheiden",
    text: "Text",
    stage: "Stufe",
    until: "Bis",
    shadow: "Mitlaufen lassen",
    shadowPreview: (version) => `Version ${version} bewertet jede Zahlung neben der geltenden. Aus dem, was sie sagt, folgt nichts.`,
    live: "Zur Geltung vorschlagen",
    livePreview: (version) => `Version ${version} entscheidet über Zahlungen, sobald eine zweite Person zugestimmt hat. Die geltende ist dann abgelöst.`,
    retire: "Außer Dienst stellen",
    retirePreview: (version) => `Version ${version} wird nicht mehr verwendet. Sie bewertet keine Zahlung mehr.`,
    retireLivePreview: (version) => `Version ${version} wird nicht mehr verwendet, sobald eine zweite Person zugestimmt hat. Ohne geltende Regeln wird keine Zahlung gesperrt oder geprüft.`,
    done: "Es ist geschehen.",
    proposed: "Eine zweite Person muss zustimmen. Es wartet unter „Freigaben“.",
    trial: "Was sie getan hätte",
    trialWhy: "Mit bis zu 2.000 vergangenen Zahlungen, jede mit Zählern und Listen, wie sie damals standen. Es ändert sich nichts.",
    backTest: "Rückblick",
    comparison: "Mitlaufen vergleichen",
    since: "Von Tag",
    untilDay: "Bis Tag",
    trying: "Wird ausprobiert … das dauert einige Sekunden.",
    looked: (count) => (count === 1 ? "1 Zahlung angesehen" : `${count.toLocaleString("de")} Zahlungen angesehen`),
    cutOff: "Es gibt mehr, die nicht angesehen wurden.",
    decision: "Entscheidung",
    charges: "Zahlungen",
    results: "Was aus ihnen wurde",
    rule: "Regel",
    hits: "Treffer",
    decided: "Entschieden",
    errors: "Fehler",
    differences: "Damals anders entschieden",
    noDifferences: "Keine Zahlung wurde anders entschieden.",
    thenNow: (then, now) => `damals ${then}, jetzt ${now}`,
  },
);

export const RULE_STATES = names<RiskVersion["state"]>(
  { draft: "Draft", shadow: "In shadow", live: "Live", retired: "Retired" },
  { draft: "Entwurf", shadow: "Läuft mit", live: "Gilt", retired: "Außer Dienst" },
);

export const RULE_TONES: Readonly<Record<RiskVersion["state"], Tone>> = { draft: "plain", shadow: "info", live: "good", retired: "plain" };

type Action = RiskBackTest["decisions"][number]["decision"];

export const ACTIONS = names<Action>(
  { allow: "Allow", block: "Block", challenge: "Challenge", review: "Review" },
  { allow: "Zulassen", block: "Sperren", challenge: "Nachfragen", review: "Prüfen" },
);

type Stage = NonNullable<RiskRules["rules"]>[number]["stage"];

export const STAGES = names<Stage>(
  { allow_lists: "Allow lists", block_lists: "Block lists", rules: "Rules" },
  { allow_lists: "Erlaubnislisten", block_lists: "Sperrlisten", rules: "Regeln" },
);

type Result = RiskBackTest["decisions"][number]["results"][number]["result"];

export const RESULTS = names<Result>(
  {
    blocked: "blocked",
    declined: "declined",
    declined_by_staff: "declined by staff",
    disputed: "disputed",
    failed: "failed",
    fraud: "fraud",
    good: "good",
    open: "open",
    refunded: "refunded",
    refunded_in_part: "refunded in part",
    unpaid: "unpaid",
    unreadable: "unreadable",
  },
  {
    blocked: "gesperrt",
    declined: "abgelehnt",
    declined_by_staff: "vom Betrieb abgelehnt",
    disputed: "reklamiert",
    failed: "gescheitert",
    fraud: "Betrug",
    good: "gut",
    open: "offen",
    refunded: "erstattet",
    refunded_in_part: "teils erstattet",
    unpaid: "unbezahlt",
    unreadable: "unlesbar",
  },
);
