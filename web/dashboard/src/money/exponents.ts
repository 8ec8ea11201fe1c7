// How many decimal digits a currency's minor unit has (ISO 4217): 2, but for these. A test compares them with FinCore's own.

export const EXPONENTS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    "bif clp djf gnf isk jpy kmf krw pyg rwf ugx vnd vuv xaf xof xpf".split(" ").map((code) => [code, 0]),
  ),
  ...Object.fromEntries("bhd iqd jod kwd lyd omr tnd".split(" ").map((code) => [code, 3])),
};

export function exponentOf(currency: string): number {
  return EXPONENTS[currency.toLowerCase()] ?? 2;
}
