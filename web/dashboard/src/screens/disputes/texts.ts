import { texts } from "../../language/texts";

export const DISPUTES = texts(
  {
    title: "Disputes",
    amount: "Amount",
    urgency: "Urgency",
    due: "Evidence due",
    status: "Status",
    reason: "Reason",
    merchant: "Merchant",
    opened: "Opened",
    soonest: "soonest deadline first, of those that need a response",
    none: "No disputes need a response",
    noneWhy: "Choose a status to see the others.",
    nothing: "No dispute has this status",
  },
  {
    title: "Reklamationen",
    amount: "Betrag",
    urgency: "Dringlichkeit",
    due: "Belege bis",
    status: "Stand",
    reason: "Grund",
    merchant: "Händler",
    opened: "Eröffnet",
    soonest: "die nächste Frist zuerst, von denen, die eine Antwort brauchen",
    none: "Keine Reklamation braucht eine Antwort",
    noneWhy: "Wählen Sie einen Stand, um die anderen zu sehen.",
    nothing: "Keine Reklamation hat diesen Stand",
  },
);
