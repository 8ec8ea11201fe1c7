import { texts } from "../../language/texts";

export const AUDIT = texts(
  {
    title: "Audit trail",
    action: "What was done",
    who: "Who",
    object: "To what",
    reason: "Reason",
    outcome: "Outcome",
    open: "under way",
    when: "When",
    objectId: "Id",
    none: "No acts",
    noneWhy: "What staff do appears here, with their reasons.",
    nothing: "No act matches",
    nothingWhy: "Take the filter away to see more.",
  },
  {
    title: "Protokoll",
    action: "Was geschah",
    who: "Wer",
    object: "Womit",
    reason: "Grund",
    outcome: "Ergebnis",
    open: "läuft noch",
    when: "Wann",
    objectId: "Kennung",
    none: "Keine Handlungen",
    noneWhy: "Was das Personal tut, steht hier, mit den Gründen.",
    nothing: "Keine Handlung passt",
    nothingWhy: "Nehmen Sie den Filter weg, um mehr zu sehen.",
  },
);
