// Shares of an amount in basis points, as people write and read them: 290 is 2.9 %.

const ONE_PERCENT = 100;
const WHOLE = 100 * ONE_PERCENT;

/** The basis points of a percentage that a person wrote; null: it is none from 0 to 100 with two decimals at most. */
export function parseShare(written: string): number | null {
  const parts = /^(\d{1,3})(?:[.,](\d{1,2}))?$/.exec(written.trim());
  if (!parts) return null;
  const basisPoints = Number(parts[1]) * ONE_PERCENT + Number((parts[2] ?? "").padEnd(2, "0"));
  return basisPoints <= WHOLE ? basisPoints : null;
}

export function formatShare(basisPoints: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 2 }).format(basisPoints / WHOLE);
}
