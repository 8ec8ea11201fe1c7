import assert from "node:assert/strict";
import { getActiveResourcesInfo } from "node:process";
import { test } from "node:test";
import { within } from "../src/within.js";

const never = new Promise<never>(() => undefined);

test("work in time gives its result", async () => {
  assert.equal(await within(1_000, "late", new AbortController().signal, Promise.resolve(7)), 7);
});

test("work that fails gives its error", async () => {
  await assert.rejects(within(1_000, "late", new AbortController().signal, Promise.reject(new Error("no"))), /no/);
});

test("work that takes too long is late", async () => {
  await assert.rejects(within(1, new Error("late"), new AbortController().signal, never), /late/);
});

test("work that is ended, before or while it runs, gives the reason", async () => {
  const ended = new AbortController();
  const waiting = within(1_000, "late", ended.signal, never);
  ended.abort(new Error("unmounted"));
  await assert.rejects(waiting, /unmounted/);
  await assert.rejects(within(1_000, "late", ended.signal, never), /unmounted/);
});

test("work that is done leaves no timer behind", async () => {
  await within(100_000, "late", new AbortController().signal, Promise.resolve());
  assert.deepEqual(getActiveResourcesInfo().filter((kind) => kind === "Timeout"), []);
});
