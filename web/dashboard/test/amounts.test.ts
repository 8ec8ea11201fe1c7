import assert from "node:assert/strict";
import { test } from "node:test";
import { decimalOf, formatAmount, parseAmount } from "../src/money/amounts";

test("an amount is written with the digits of its currency", () => {
  assert.equal(decimalOf(1999, "eur"), "19.99");
  assert.equal(decimalOf(5, "eur"), "0.05");
  assert.equal(decimalOf(-5, "eur"), "-0.05");
  assert.equal(decimalOf(1999, "jpy"), "1999");
  assert.equal(decimalOf(1, "kwd"), "0.001");
  assert.equal(decimalOf(0, "usd"), "0.00");
});

test("an amount beyond the numbers of floating point keeps each digit", () => {
  const amount = 900719925474099312345n;
  assert.equal(decimalOf(amount, "usd"), "9007199254740993123.45");
  assert.equal(formatAmount(amount, "usd", "en-US"), "$9,007,199,254,740,993,123.45");
});

test("an amount is in the form of the locale", () => {
  assert.equal(formatAmount(199900, "eur", "de-DE"), "1.999,00\u00a0€");
  assert.equal(formatAmount(-199900, "usd", "en-US"), "-$1,999.00");
  // Browsers would show no decimals of ISK's neighbours or of UZS; ISO 4217 has two for the latter.
  assert.equal(formatAmount(12345, "uzs", "en-US").replace("\u00a0", " "), "UZS 123.45");
});

test("what is written comes back as it was", () => {
  for (const currency of ["eur", "jpy", "kwd"]) {
    for (const amount of [0, 1, 9, 10, 99, 100, 1999, 123456789]) {
      assert.deepEqual(parseAmount(decimalOf(amount, currency), currency), { amountMinor: amount });
    }
  }
});

test("either mark begins the decimals", () => {
  assert.deepEqual(parseAmount(" 19,99 ", "eur"), { amountMinor: 1999 });
  assert.deepEqual(parseAmount("19.9", "eur"), { amountMinor: 1990 });
  assert.deepEqual(parseAmount("1 999", "eur"), { amountMinor: 199900 });
  assert.deepEqual(parseAmount("1.234", "kwd"), { amountMinor: 1234 });
});

test("what may mean two amounts, or none, is refused", () => {
  assert.deepEqual(parseAmount("1.234", "eur"), { flaw: "too_many_decimals" });
  assert.deepEqual(parseAmount("1.5", "jpy"), { flaw: "too_many_decimals" });
  for (const text of ["1,234.50", "1.234,50", "-5", "1e3", "5 EUR", "٣", "0x10", ".5", "5."]) {
    assert.deepEqual(parseAmount(text, "eur"), { flaw: "not_a_number" }, text);
  }
  assert.deepEqual(parseAmount("  ", "eur"), { flaw: "empty" });
  assert.deepEqual(parseAmount("99999999999999999999", "eur"), { flaw: "too_large" });
});
