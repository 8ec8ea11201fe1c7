import assert from "node:assert/strict";
import { test } from "node:test";
import { currenciesOf } from "../src/screens/home/money_days";

const NOW = "2026-11-27T23:59:00Z";
const taken = (day: string, currency: string, taken_minor: number) => ({ day, currency, taken_minor });

test("each currency has all days and sums of its own", () => {
  const money = { state: "read" as const, days: [taken("2026-10-29", "usd", 5), taken("2026-11-21", "eur", 7), taken("2026-11-21", "usd", 10), taken("2026-11-27", "usd", 1)] };
  const [eur, usd] = currenciesOf(money, NOW);
  assert.deepEqual([eur?.currency, eur?.today, eur?.week, eur?.month, eur?.most], ["eur", 0, 7, 7, 7]);
  assert.deepEqual([usd?.today, usd?.week, usd?.month, usd?.most], [1, 11, 16, 10]);
  assert.deepEqual([usd?.days.length, usd?.days[0]?.day, usd?.days.at(-1)?.day], [30, "2026-10-29", "2026-11-27"]);
});

test("a day beyond the thirty is in no sum", () => {
  const money = { state: "read" as const, days: [taken("2026-10-28", "usd", 5)] };
  assert.equal(currenciesOf(money, NOW)[0]?.month, 0);
});
