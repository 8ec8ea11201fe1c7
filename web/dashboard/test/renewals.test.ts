import assert from "node:assert/strict";
import { test } from "node:test";
import { Renewals } from "../src/session/renewals";

function renewals(...answers: readonly (string | undefined | Error)[]) {
  const left = [...answers];
  const told: boolean[] = [];
  const made = new Renewals(async () => {
    const answer = left.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  made.onChange((hasEnded) => told.push(hasEnded));
  return { made, told, left };
}

test("a login that has ended goes on after a renewal that succeeds", async () => {
  const { made, told } = renewals("one", new Error("no network"), undefined, "two");
  assert.equal(await made.next(), "one");
  assert.deepEqual(told, []);
  assert.equal(await made.next(), undefined);
  assert.equal(await made.next(), undefined);
  assert.deepEqual(told, [true]);
  assert.equal(await made.next(), "two");
  assert.deepEqual(told, [true, false]);
});

test("those who ask at once share one renewal", async () => {
  const { made, left } = renewals("one", "two");
  assert.deepEqual(await Promise.all([made.next(), made.next()]), ["one", "one"]);
  assert.deepEqual(left, ["two"]);
});

test("who asks late is told that the login has ended", async () => {
  const { made } = renewals(undefined);
  await made.next();
  const told: boolean[] = [];
  made.onChange((hasEnded) => told.push(hasEnded));
  assert.deepEqual(told, [true]);
});
