// The published types: that they are those of the sources, and say what a shop's code needs. Compiled, never run.

import type * as published from "../../../src/fincore/checkout/js/built/1.0.0/fincore.js";
import type * as publishedReact from "../../../src/fincore/checkout/js/built/1.0.0/fincore-react.js";
import type { loadFinCore, version } from "../src/index.js";
import type { FinCoreCardFields, useCardFields } from "../src/react.js";

type Same<One, Other> = [One, Other] extends [Other, One] ? true : never;

export const ARE_THE_SAME: [
  Same<typeof loadFinCore, typeof published.loadFinCore>,
  Same<typeof version, typeof published.version>,
  Same<typeof FinCoreCardFields, typeof publishedReact.FinCoreCardFields>,
  Same<typeof useCardFields, typeof publishedReact.useCardFields>,
] = [true, true, true, true];

export async function pay(FinCore: typeof published): Promise<string> {
  const fincore = await FinCore.loadFinCore("pk_test_1");
  if (!fincore) return "on a server";
  const { payment_method, last4, error } = await fincore.cardFields({ amount_minor: 1, currency: "usd" }).tokenize();
  // @ts-expect-error There is a token only where there is no error.
  payment_method.token;
  return error ? error.code : `${payment_method.account} ${last4}`;
}
