import assert from "node:assert/strict";
import { test } from "node:test";
import { Handlers } from "../src/handlers.js";

interface Events {
  change: number;
  blur: string;
}

test("every handler of an event is called until it is taken off", () => {
  const handlers = new Handlers<Events>(["change", "blur"]);
  const heard: number[] = [];
  const take = (event: number): void => void heard.push(event);
  const off = handlers.add("change", take);
  handlers.add("change", take);
  assert.ok(handlers.call("change", 1));
  off();
  off();
  handlers.call("change", 2);
  assert.deepEqual(heard, [1, 1, 2]);
  assert.equal(handlers.call("blur", ""), false);
});

test("a handler that throws keeps no other from its event", () => {
  const reported: unknown[] = [];
  Object.assign(globalThis, { reportError: (error: unknown) => reported.push(error) });
  const handlers = new Handlers<Events>(["change"]);
  const heard: number[] = [];
  handlers.add("change", () => {
    throw new Error("of the shop");
  });
  handlers.add("change", (event) => heard.push(event));
  handlers.call("change", 1);
  assert.deepEqual([heard, reported.length], [[1], 1]);
});

test("an event that is not there is a mistake of the page", () => {
  assert.throws(() => new Handlers<Events>(["change"]).add("blur", () => undefined), TypeError);
});
