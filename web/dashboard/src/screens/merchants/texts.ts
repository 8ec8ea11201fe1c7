import { texts } from "../../language/texts";

export const MERCHANTS = texts(
  {
    title: "Merchants",
    name: "Name",
    nameHint: "How the name begins.",
    id: "Id",
    created: "Registered",
    add: "Register a merchant",
    addPreview: (name: string) => `${name} is registered, in test and in live mode. It can take payments once it has a key.`,
    nameFlaw: "Write a name.",
    added: "The merchant is registered.",
    none: "No merchants",
    noneWhy: "Register a merchant here, or with `fincore merchants add`.",
    nothing: "No merchant matches",
    nothingWhy: "Take a filter away to see more.",
  },
  {
    title: "Händler",
    name: "Name",
    nameHint: "Womit der Name beginnt.",
    id: "Kennung",
    created: "Angelegt",
    add: "Händler anlegen",
    addPreview: (name) => `${name} wird angelegt, im Test- und im Livemodus. Zahlungen nimmt er an, sobald er einen Schlüssel hat.`,
    nameFlaw: "Geben Sie einen Namen an.",
    added: "Der Händler ist angelegt.",
    none: "Keine Händler",
    noneWhy: "Legen Sie hier einen Händler an, oder mit `fincore merchants add`.",
    nothing: "Kein Händler passt",
    nothingWhy: "Nehmen Sie einen Filter weg, um mehr zu sehen.",
  },
);
