// The language of the person, and the formats that go with it.

import { createContext, use, useMemo, useState, type ReactNode } from "react";
import { preferred, type Language, type Table, type Texts } from "./texts";

interface Spoken {
  readonly language: Language;
  /** For formats of numbers and times: the browser's own form of the language, such as `de-AT`. */
  readonly locale: string;
  readonly speak: (language: Language) => void;
}

const Context = createContext<Spoken>({ language: "en", locale: "en", speak: () => {} });

function localeOf(language: Language): string {
  return navigator.languages.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? language;
}

/** Speaks the browser's language until the person takes another; what is taken lasts as long as the page. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() => preferred(navigator.languages));
  const spoken = useMemo(() => ({ language, locale: localeOf(language), speak: setLanguage }), [language]);
  document.documentElement.lang = language;
  return <Context value={spoken}>{children}</Context>;
}

export const useLanguage = (): Spoken => use(Context);

/** The texts of a table in the person's language. */
export function useTexts<T extends Table>(table: Texts<T>): Texts<T>[Language] {
  return table[use(Context).language];
}
