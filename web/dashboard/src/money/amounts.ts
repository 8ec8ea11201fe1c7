// Amounts in minor units, as people write and read them. No amount becomes a floating-point number on its way.

import { exponentOf } from "./exponents";

/** The decimal text of an amount: `1999` of eur is `19.99`, of jpy `1999`. */
export function decimalOf(amountMinor: number | bigint, currency: string): string {
  const exponent = exponentOf(currency);
  const amount = BigInt(amountMinor);
  const digits = (amount < 0n ? -amount : amount).toString().padStart(exponent + 1, "0");
  const sign = amount < 0n ? "-" : "";
  if (exponent === 0) return sign + digits;
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/** An amount of money as the locale writes it, with the digits of ISO 4217. */
export function formatAmount(amountMinor: number | bigint, currency: string, locale: string): string {
  const exponent = exponentOf(currency);
  const format = new Intl.NumberFormat(locale, {
    style: "currency",
    currency: currency.toUpperCase(),
    minimumFractionDigits: exponent,
    maximumFractionDigits: exponent,
  });
  return format.format(decimalOf(amountMinor, currency) as Intl.StringNumericLiteral);
}

export type Parsed =
  | { readonly amountMinor: number }
  | { readonly flaw: "empty" | "not_a_number" | "too_many_decimals" | "too_large" };

/**
 * The amount that a person wrote, in minor units. Either mark, `.` or `,`, begins the decimals; marks between thousands are
 * refused, because `1.234` would mean two amounts.
 */
export function parseAmount(written: string, currency: string): Parsed {
  const text = written.replace(/[\s\u00a0\u202f]/g, "");
  if (text === "") return { flaw: "empty" };
  const parts = /^(\d+)(?:[.,](\d+))?$/.exec(text);
  if (!parts) return { flaw: "not_a_number" };
  const exponent = exponentOf(currency);
  const decimals = parts[2] ?? "";
  if (decimals.length > exponent) return { flaw: "too_many_decimals" };
  const amountMinor = Number((parts[1] ?? "") + decimals.padEnd(exponent, "0"));
  return Number.isSafeInteger(amountMinor) ? { amountMinor } : { flaw: "too_large" };
}
