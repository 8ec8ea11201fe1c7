import { texts } from "../../language/texts";

export const REFUNDS = texts(
  {
    title: "Refunds",
    amount: "Amount",
    status: "Status",
    charge: "Charge",
    merchant: "Merchant",
    reference: "At the PSP",
    asked: "Asked for",
    unknown: "outcome unknown",
    none: "No refunds yet",
    noneWhy: "A refund appears here as soon as a merchant or a person of staff asks for it.",
    nothing: "No refund matches",
    nothingWhy: "Take a filter away to see more.",
    clearAll: "Clear all filters",
  },
  {
    title: "Erstattungen",
    amount: "Betrag",
    status: "Stand",
    charge: "Zahlung",
    merchant: "Händler",
    reference: "Beim PSP",
    asked: "Verlangt",
    unknown: "Ergebnis ungeklärt",
    none: "Noch keine Erstattungen",
    noneWhy: "Eine Erstattung steht hier, sobald ein Händler oder jemand vom Personal sie verlangt.",
    nothing: "Keine Erstattung passt",
    nothingWhy: "Nehmen Sie einen Filter weg, um mehr zu sehen.",
    clearAll: "Alle Filter leeren",
  },
);
