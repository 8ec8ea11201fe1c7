import assert from "node:assert/strict";
import { test } from "node:test";
import { preferred } from "../src/language/texts";
import { distanceOf, formatTime, timeLeft, utcOf } from "../src/time/times";

const NOW = Date.parse("2026-11-27T12:00:00Z");

test("a moment is shown in UTC to the second", () => {
  assert.equal(utcOf("2026-11-27T08:44:12.987+01:00"), "2026-11-27 07:44:12 UTC");
});

test("a moment is in the form of the locale", () => {
  assert.match(formatTime("2026-11-27T07:44:12Z", "de-DE", "second"), /^27\.11\.2026, \d\d:44:12$/);
  assert.match(formatTime("2026-11-27T12:44:12Z", "en-GB", "day"), /^2[78] Nov 2026$/);
});

test("how far a moment is away is said in the largest unit", () => {
  assert.equal(distanceOf("2026-11-27T12:00:30Z", NOW, "en"), "in 30 seconds");
  assert.equal(distanceOf("2026-11-27T11:00:00Z", NOW, "en"), "1 hour ago");
  assert.equal(distanceOf("2026-11-29T11:59:00Z", NOW, "en"), "in 47 hours");
  assert.equal(distanceOf("2026-12-04T12:00:00Z", NOW, "de"), "in 7 Tagen");
});

test("how much time is left is said in its largest unit, cut off", () => {
  assert.equal(timeLeft("2026-11-30T13:59:00Z", NOW, "en"), "3 days");
  assert.equal(timeLeft("2026-11-25T11:59:00Z", NOW, "en"), "2 days");
  assert.equal(timeLeft("2026-11-29T11:59:00Z", NOW, "de"), "47 Stunden");
  assert.equal(timeLeft("2026-11-27T12:01:59Z", NOW, "en"), "1 minute");
  assert.equal(timeLeft("2026-11-27T12:00:59Z", NOW, "en"), "0 minutes");
});

test("the first language that is spoken is taken", () => {
  assert.equal(preferred(["fr-FR", "de-AT", "en"]), "de");
  assert.equal(preferred(["fr"]), "en");
  assert.equal(preferred([]), "en");
});
