import assert from "node:assert/strict";
import { test } from "node:test";
import type { CardField, ErrorCode } from "../src/public.js";
import { cardError } from "../src/stripe/errors.js";

const TABLE: readonly [string, string, ErrorCode, CardField | undefined, boolean][] = [
  ["validation_error", "incomplete_number", "card_incomplete", "number", false],
  ["validation_error", "incomplete_expiry", "card_incomplete", "expiry", false],
  ["validation_error", "incomplete_cvc", "card_incomplete", "cvc", false],
  ["validation_error", "incomplete_payment_details", "card_incomplete", undefined, false],
  ["validation_error", "invalid_number", "card_invalid", "number", false],
  ["validation_error", "invalid_expiry_year_past", "card_invalid", "expiry", false],
  ["validation_error", "other", "card_invalid", undefined, false],
  ["card_error", "incorrect_number", "card_invalid", "number", false],
  ["card_error", "invalid_cvc", "card_invalid", "cvc", false],
  ["card_error", "expired_card", "card_invalid", "expiry", false],
  ["card_error", "card_declined", "card_declined", undefined, false],
  ["api_connection_error", "", "psp_unreachable", undefined, true],
  ["api_error", "", "psp_unreachable", undefined, true],
  ["rate_limit_error", "", "rate_limited", undefined, true],
  ["invalid_request_error", "parameter_unknown", "psp_refused", undefined, false],
  ["a_type_of_tomorrow", "", "psp_refused", undefined, false],
];

for (const [type, code, expected, field, retryable] of TABLE) {
  test(`${type} ${code} of Stripe is ${expected}`, () => {
    const error = cardError({ type, code, message: "Said." });
    assert.deepEqual(error, { code: expected, message: "Said.", ...(field && { field }), retryable });
  });
}

test("an error of Stripe without anything is told all the same", () => {
  assert.equal(cardError({}).code, "psp_refused");
});
