import assert from "node:assert/strict";
import { test } from "node:test";
import { accountsOf, hoursOf } from "../src/screens/home/rates";

const row = (hour: string, psp_account: string, accepted: number, succeeded: number, failed: number, unfinished: number) => ({
  hour,
  psp: "stripe" as const,
  psp_account,
  accepted,
  succeeded,
  failed,
  unfinished,
});

const rates = {
  state: "read" as const,
  is_sample: false,
  hours: [
    row("2026-11-28T02:00:00Z", "main", 30, 20, 4, 1),
    row("2026-11-28T03:00:00Z", "main", 7, 6, 0, 0),
    row("2026-11-28T03:00:00Z", "other", 2, 1, 1, 0),
  ],
};

test("each accepted charge is in one of four columns", () => {
  const [main, other] = accountsOf(rates);
  assert.deepEqual(main, {
    account: "stripe/main",
    accepted: 37,
    succeeded: 26,
    failed: 4,
    canceledOrExpired: 6,
    unfinished: 1,
    share: 26 / 30,
  });
  assert.equal(other?.share, null, "too few have an outcome");
});

test("hours without a charge have zeros, and the last is the one of now", () => {
  const hours = hoursOf(rates, "2026-11-28T03:47:00Z");
  assert.equal(hours.length, 24);
  assert.deepEqual(hours.at(-1), { at: Date.parse("2026-11-28T03:00:00Z"), accepted: 9, succeeded: 7, failed: 1, canceledOrExpired: 1, unfinished: 0 });
  assert.deepEqual(hours.at(0), { at: Date.parse("2026-11-27T04:00:00Z"), accepted: 0, succeeded: 0, failed: 0, canceledOrExpired: 0, unfinished: 0 });
});
