import assert from "node:assert/strict";
import { test } from "node:test";
import { formatShare, parseShare } from "../src/screens/merchant/share";

test("a percentage becomes basis points without a floating-point number", () => {
  assert.equal(parseShare("2.9"), 290);
  assert.equal(parseShare("2,95"), 295);
  assert.equal(parseShare("0"), 0);
  assert.equal(parseShare("100"), 10_000);
});

test("what is no percentage from 0 to 100 is refused", () => {
  for (const written of ["", "100.01", "2.905", "-1", "1e1", "2.", "1.000,5"]) assert.equal(parseShare(written), null, written);
});

test("a share is written as the locale writes percentages", () => {
  assert.equal(formatShare(290, "en-GB"), "2.9%");
});
