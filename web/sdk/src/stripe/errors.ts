// From Stripe's errors to ours.

import { errorOf } from "../errors.js";
import type { CardField, ErrorCode, FinCoreError } from "../public.js";
import type { StripeError } from "./stripe_js.js";

const FIELDS: readonly [CardField, RegExp][] = [
  ["number", /number/],
  ["expiry", /expir/],
  ["cvc", /cvc/],
];

const CODES: Readonly<Record<string, ErrorCode>> = {
  api_connection_error: "psp_unreachable",
  api_error: "psp_unreachable",
  rate_limit_error: "rate_limited",
};

export function cardError({ type = "", code = "", message = "Stripe refused the request." }: StripeError): FinCoreError {
  const field = FIELDS.find(([, pattern]) => pattern.test(code))?.[0];
  if (/^incomplete/.test(code)) return errorOf("card_incomplete", message, field);
  if (field) return errorOf("card_invalid", message, field);
  if (type === "card_error") return errorOf("card_declined", message);
  return errorOf(type === "validation_error" ? "card_invalid" : (CODES[type] ?? "psp_refused"), message);
}
