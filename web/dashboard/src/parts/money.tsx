import { useLanguage } from "../language/language";
import { formatAmount } from "../money/amounts";

/** An amount in the form of the person's locale. */
export function Money({ amountMinor, currency }: { amountMinor: number; currency: string }) {
  return <span className="nowrap">{formatAmount(amountMinor, currency, useLanguage().locale)}</span>;
}
