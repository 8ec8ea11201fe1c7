// Texts of the dashboard in each of its languages. A text that a language lacks, or has too many of, is a type error.

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

/** A text, or a function from what it mentions to a text. */
type Text = string | ((...values: never[]) => string);
type Spoken<T> = T extends string ? string : T;
export type Table = { readonly [name: string]: Text };
export type Texts<T extends Table> = { readonly [L in Language]: { readonly [K in keyof T]: Spoken<T[K]> } };

/** The texts of one screen or part: English gives the names, German must have the same. */
export function texts<const T extends Table>(
  en: T,
  de: { readonly [K in keyof NoInfer<T>]: Spoken<T[K]> },
): Texts<T> {
  return { en: en as Texts<T>["en"], de };
}

/** The names of the values of an enumeration of the API, for example of each status of a charge. */
export function names<V extends string>(
  en: Readonly<Record<V, string>>,
  de: Readonly<Record<NoInfer<V>, string>>,
): Readonly<Record<Language, Readonly<Record<V, string>>>> {
  return { en, de };
}

/** The first language that the browser prefers and the dashboard speaks. */
export function preferred(languages: readonly string[]): Language {
  for (const tag of languages) {
    const found = LANGUAGES.find((language) => tag.toLowerCase().split("-")[0] === language);
    if (found) return found;
  }
  return "en";
}
