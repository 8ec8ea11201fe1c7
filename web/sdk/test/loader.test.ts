import assert from "node:assert/strict";
import { test } from "node:test";
import { loaderOf } from "../src/loader.js";

const load = loaderOf("https://pay.example/js/v1/fincore.js");

test("there is no FinCore on a server", async () => {
  assert.equal(await load("pk_test_1"), null);
  assert.equal(await load("sk_test_1"), null);
});

test("a key that is not publishable, or no address, is a mistake of the page", async () => {
  Object.assign(globalThis, { window: globalThis });
  try {
    await assert.rejects(load("sk_test_1"), TypeError);
    await assert.rejects(loaderOf("file:///bundle.js")("pk_test_1"), TypeError);
    await assert.rejects(loaderOf(undefined)("pk_test_1"), TypeError);
    assert.ok(await loaderOf(undefined)("pk_live_1", { base_url: "https://pay.example/" }));
    assert.ok(await load("pk_test_1"));
  } finally {
    Reflect.deleteProperty(globalThis, "window");
  }
});

test("a next action without a page is an error as a value", async () => {
  Object.assign(globalThis, { window: globalThis });
  const fincore = await load("pk_test_1");
  Reflect.deleteProperty(globalThis, "window");
  assert.deepEqual(await fincore?.handleNextAction(null), {});
  for (const redirect_url of [null, "", "javascript:alert(1)", "/relative"]) {
    assert.equal((await fincore?.handleNextAction({ redirect_url }))?.error?.code, "next_action_unknown");
  }
});
