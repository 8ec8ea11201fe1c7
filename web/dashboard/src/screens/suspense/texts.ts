import { texts } from "../../language/texts";

export const SUSPENSE = texts(
  {
    title: "Suspense",
    lead: "Money that moved in a way that makes no sense, the oldest first. A person decides who owns it: the command fincore ledger clear books it.",
    amount: "Amount",
    entry: "Entry",
    kind: "What happened",
    subject: "Of",
    reason: "Why it waits",
    effective: "Money moved",
    description: "At the PSP",
    none: "Nothing waits in suspense",
    noneWhy: "All money that moved is booked to those who own it.",
  },
  {
    title: "Klärungsposten",
    lead: "Geld, das sich auf eine Weise bewegt hat, die keinen Sinn ergibt, das älteste zuerst. Eine Person entscheidet, wem es gehört: der Befehl fincore ledger clear bucht es um.",
    amount: "Betrag",
    entry: "Buchung",
    kind: "Was geschah",
    subject: "Wozu",
    reason: "Warum es wartet",
    effective: "Geld bewegt",
    description: "Beim PSP",
    none: "Nichts wartet auf Klärung",
    noneWhy: "Alles bewegte Geld ist bei denen gebucht, denen es gehört.",
  },
);
