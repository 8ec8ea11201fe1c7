// The filters of the list in words, for what is done with all charges that they leave.

import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { PARTS } from "../../parts/texts";
import { beginOf } from "../../time/days";
import { formatTime } from "../../time/times";
import { statusesOf, type AddressFilters, type PersonalFilters } from "./filters";
import { STATES } from "./statuses";
import { CHARGES } from "./texts";

type Words = readonly (readonly [name: string, value: string])[];

export function useFilterWords(filters: AddressFilters, personal: PersonalFilters): Words {
  const t = useTexts(CHARGES);
  const parts = useTexts(PARTS);
  const { language, locale } = useLanguage();
  const amount = (minor: string | undefined) => minor && (filters.currency ? formatAmount(Number(minor), filters.currency, locale) : minor);
  const day = (written: string | undefined) => written && formatTime(beginOf(written, 0), locale, "day");
  const words: readonly (readonly [string, string | undefined])[] = [
    [t.status, statusesOf(filters).map((status) => STATES[language][status]).join(", ")],
    [t.currency, filters.currency?.toUpperCase()],
    [`${t.amount}, ${parts.from}`, amount(filters.amount_from)],
    [`${t.amount}, ${parts.until}`, amount(filters.amount_to)],
    [`${t.created}, ${parts.from}`, day(filters.from)],
    [`${t.created}, ${parts.until}`, day(filters.until)],
    [t.psp, filters.psp],
    [t.account, filters.account],
    [t.merchant, filters.merchant],
    [t.brand, filters.brand],
    [t.last4, personal.last4],
    [t.email, personal.email],
  ];
  const flags: Words = [
    ...(filters.disputed ? [[t.disputed, ""] as const] : []),
    ...(filters.unknown ? [[t.unknown, ""] as const] : []),
    ...(filters.review ? [[t.review, ""] as const] : []),
  ];
  return [...words.flatMap(([name, value]) => (value ? [[name, value] as const] : [])), ...flags];
}
