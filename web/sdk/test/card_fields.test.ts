import assert from "node:assert/strict";
import { test } from "node:test";
import { PspCardFields } from "../src/card_fields.js";
import type { CardFieldsOptions, ErrorCode, Tokenized } from "../src/public.js";
import { heardBy, openPage, page, settled } from "./page.js";

const SETTING = { base_url: "https://pay.example", key: "pk_test_1", load_timeout_ms: 2_000 };

function fieldsOf(options: Partial<CardFieldsOptions> = {}, load_timeout_ms = 2_000): PspCardFields {
  return new PspCardFields({ ...SETTING, load_timeout_ms }, { amount_minor: 1000, currency: "usd", ...options });
}

async function mounted(options: Partial<CardFieldsOptions> = {}) {
  openPage();
  const fields = fieldsOf(options);
  const heard = heardBy(fields);
  fields.mount("#first");
  await settled();
  return { fields, heard };
}

function codeOf(made: Tokenized): ErrorCode | undefined {
  return made.error?.code;
}

const hosts = (place: string): number => page.places[place]?.children.length ?? 0;

test("nothing is fetched before fields are mounted", async () => {
  openPage();
  fieldsOf();
  await settled();
  assert.deepEqual([page.requests, page.scripts.length], [[], 0]);
});

test("mounted fields ask for the account of the amount and are ready", async () => {
  const { heard } = await mounted({ amount_minor: 1999, currency: "EUR", title: "Karte" });
  assert.deepEqual(page.requests, ["https://pay.example/v1/client_configuration?currency=EUR&amount_minor=1999"]);
  assert.deepEqual(heard, [["ready", {}]]);
  const { attributes } = page.places["#first"]?.children[0] ?? {};
  assert.deepEqual([attributes?.get("role"), attributes?.get("aria-label")], ["group", "Karte"]);
  const { amount, currency, paymentMethodCreation } = page.last.options as Record<string, unknown>;
  assert.deepEqual([amount, currency, paymentMethodCreation], [1999, "eur", "manual"]);
});

test("events of the PSP come as ours, without what only the PSP knows", async () => {
  const { heard } = await mounted();
  page.last.send("focus", { elementType: "payment" });
  page.last.send("change", { complete: false, empty: false, brand: "unknown", value: { type: "card" } });
  const error = { type: "validation_error", code: "invalid_number", message: "No." };
  page.last.send("change", { complete: true, empty: false, brand: "visa", error });
  page.last.send("blur");
  page.last.send("escape");
  const told = { code: "card_invalid", message: "No.", field: "number", retryable: false };
  assert.deepEqual(heard.slice(1), [
    ["focus", {}],
    ["change", { complete: false, empty: false, brand: null, error: null }],
    ["change", { complete: true, empty: false, brand: "visa", error: told }],
    ["blur", {}],
    ["escape", {}],
  ]);
});

test("a token comes back as a charge takes it", async () => {
  const { fields } = await mounted();
  const made = await fields.tokenize({ billing: { name: "Ada" } });
  assert.deepEqual(made, {
    payment_method: { type: "card", token: "pm_1", account: "test" },
    brand: "visa",
    last4: "4242",
  });
  assert.deepEqual(page.asked, [{ billing_details: { name: "Ada" } }]);
});

test("tokens asked for at once are one, and later ones are further ones", async () => {
  const { fields } = await mounted();
  const [one, other] = await Promise.all([fields.tokenize(), fields.tokenize()]);
  assert.equal(one, other);
  assert.equal(page.asked.length, 1);
  await fields.tokenize();
  assert.equal(page.asked.length, 2);
});

test("a flaw, a refusal, and an exception of the PSP's script are values", async () => {
  const { fields } = await mounted();
  page.checked = async () => ({ error: { type: "validation_error", code: "incomplete_cvc", message: "CVC?" } });
  assert.deepEqual(await fields.tokenize(), {
    error: { code: "card_incomplete", message: "CVC?", field: "cvc", retryable: false },
  });
  page.checked = async () => ({});
  page.made = async () => ({ error: { type: "api_connection_error", message: "Down." } });
  assert.equal(codeOf(await fields.tokenize()), "psp_unreachable");
  page.made = () => {
    throw new Error("IntegrationError");
  };
  assert.equal(codeOf(await fields.tokenize()), "psp_refused");
});

test("a token asked for before the fields are ready waits for them", async () => {
  openPage();
  page.isPspReady = false;
  const fields = fieldsOf();
  fields.mount("#first");
  const made = fields.tokenize();
  fields.focus();
  await settled();
  assert.equal(page.asked.length, 0);
  page.last.send("ready");
  assert.equal((await made).payment_method?.token, "pm_1");
  assert.deepEqual(page.last.told, [["focus"]]);
});

test("a token of fields that are not mounted, or that failed, is an error", async () => {
  openPage();
  const fields = fieldsOf();
  assert.equal(codeOf(await fields.tokenize()), "not_mounted");
  page.refusal = "unreachable";
  heardBy(fields);
  fields.mount("#first");
  assert.equal(codeOf(await fields.tokenize()), "configuration_unreachable");
  assert.equal(codeOf(await fields.tokenize()), "not_mounted");
});

test("taking fields out ends the token under way and the PSP's element", async () => {
  const { fields, heard } = await mounted();
  page.made = () => new Promise(() => undefined);
  const made = fields.tokenize();
  await settled();
  fields.unmount();
  page.last.send("blur");
  assert.equal(heard.length, 1);
  assert.equal(codeOf(await made), "unmounted");
  assert.deepEqual(page.last.told, [["destroy"]]);
  assert.equal(hosts("#first"), 0);
  fields.unmount();
});

test("a refusal is told in FinCore's words", async () => {
  openPage();
  page.refusal = { status: 422, body: { title: "Unknown currency", detail: "Send an ISO 4217 code." } };
  const fields = fieldsOf();
  const heard = heardBy(fields);
  fields.mount("#first");
  await settled();
  const error = { code: "configuration_refused", message: "Send an ISO 4217 code.", retryable: false };
  assert.deepEqual(heard, [["loaderror", { error }]]);
});

test("fields taken out while they load come back, once", async () => {
  openPage();
  const fields = fieldsOf();
  const heard = heardBy(fields);
  page.onScript = "hangs";
  fields.mount("#first");
  await settled();
  fields.unmount();
  fields.mount("#first");
  await settled();
  page.onScript = "loads";
  page.scriptRuns();
  await settled();
  assert.deepEqual(heard, [["ready", {}]]);
  assert.deepEqual([hosts("#first"), page.scripts.length, page.elements.length], [1, 1, 1]);
});

test("a second mount in the same place does nothing, in another place it moves", async () => {
  const { fields, heard } = await mounted();
  fields.mount("#first");
  await settled();
  assert.deepEqual([heard.length, hosts("#first")], [1, 1]);
  fields.mount("#second");
  await settled();
  assert.deepEqual([heard.length, hosts("#first"), hosts("#second")], [2, 0, 1]);
  assert.deepEqual(page.elements[0]?.told, [["destroy"]]);
});

test("a place that is not there is a mistake of the page", async () => {
  const { fields } = await mounted();
  assert.throws(() => fields.mount("#third"), TypeError);
  assert.equal(hosts("#first"), 1);
});

test("destroyed fields are silent, and using them is a mistake of the page", async () => {
  const { fields, heard } = await mounted();
  const element = page.last;
  fields.destroy();
  fields.destroy();
  element.send("change", { complete: true, empty: false });
  assert.equal(heard.length, 1);
  for (const use of [() => fields.mount("#first"), () => fields.update({}), () => fields.on("ready", () => undefined)]) {
    assert.throws(use, TypeError);
  }
  fields.focus();
  fields.clear();
  fields.unmount();
  assert.equal(codeOf(await fields.tokenize()), "not_mounted");
});

test("a new look is told to the same fields", async () => {
  const { fields, heard } = await mounted();
  const appearance = { variables: { colorText: "red" } };
  fields.update({ appearance, title: "Your card" });
  await settled();
  assert.deepEqual(page.last.told, [["update", { amount: 1000, currency: "usd", appearance }]]);
  assert.equal(page.places["#first"]?.children[0]?.attributes.get("aria-label"), "Your card");
  assert.deepEqual([heard.length, page.requests.length], [1, 1]);
});

test("a new amount at the same account keeps the fields", async () => {
  const { fields, heard } = await mounted();
  fields.update({ amount_minor: 2000 });
  fields.clear();
  await settled();
  assert.equal(page.requests.length, 2);
  assert.deepEqual(page.last.told, [["update", { amount: 2000, currency: "usd" }], ["clear"]]);
  assert.equal(heard.length, 1);
});

test("a new amount at another account shows new fields, and no token of the old ones", async () => {
  const { fields, heard } = await mounted();
  page.account = (amount) => (amount > 5_000 ? "large" : "test");
  fields.update({ amount_minor: 9_000 });
  assert.equal(codeOf(await fields.tokenize()), "unmounted");
  await settled();
  assert.deepEqual([heard.map(([name]) => name), hosts("#first")], [["ready", "ready"], 1]);
  assert.equal((await fields.tokenize()).payment_method?.account, "large");
});

test("changes before the fields are ready are made", async () => {
  openPage();
  page.account = (amount) => `for_${amount}`;
  const fields = fieldsOf();
  fields.update({ amount_minor: 1_500 });
  fields.mount("#first");
  fields.update({ amount_minor: 2_000 });
  fields.update({ amount_minor: 2_500 });
  await settled();
  await settled();
  assert.equal((await fields.tokenize()).payment_method?.account, "for_2500");
});

const REFUSALS: readonly [string, () => void, ErrorCode][] = [
  ["no answer", () => (page.refusal = "unreachable"), "configuration_unreachable"],
  ["an unknown key", () => (page.refusal = { status: 401, body: { detail: "Check the key." } }), "configuration_refused"],
  ["an outage", () => (page.refusal = { status: 503, body: { title: "Down" } }), "configuration_unreachable"],
  ["too many requests", () => (page.refusal = { status: 429, body: {} }), "rate_limited"],
  ["a PSP of tomorrow", () => (page.psp = "adyen"), "method_unavailable"],
  ["a script that fails", () => (page.onScript = "fails"), "script_failed"],
];

for (const [name, arrange, code] of REFUSALS) {
  test(`${name} is told as ${code}, and the fields are taken out`, async () => {
    openPage();
    arrange();
    const fields = fieldsOf();
    const heard = heardBy(fields);
    fields.mount("#first");
    await settled();
    assert.deepEqual(heard.map(([event, told]) => [event, "error" in told && told.error?.code]), [["loaderror", code]]);
    assert.equal(hosts("#first"), 0);
  });
}

test("fields that failed are mounted again", async () => {
  openPage();
  page.onScript = "fails";
  const fields = fieldsOf();
  const heard = heardBy(fields);
  fields.mount("#first");
  await settled();
  page.onScript = "loads";
  fields.mount("#first");
  await settled();
  assert.deepEqual(heard.map(([name]) => name), ["loaderror", "ready"]);
  assert.equal(page.scripts.length, 2);
});

test("fields that take too long fail, and do not come late", async () => {
  openPage();
  page.isPspReady = false;
  const fields = fieldsOf({}, 20);
  const failed = new Promise((resolve) => fields.on("loaderror", resolve));
  const heard = heardBy(fields);
  fields.mount("#first");
  await failed;
  page.last.send("ready");
  await settled();
  assert.deepEqual(heard.map(([name, told]) => [name, "error" in told && told.error?.code]), [["loaderror", "load_timeout"]]);
  assert.deepEqual(page.last.told, [["destroy"]]);
});

test("an error of the PSP's element takes the fields out", async () => {
  const { fields, heard } = await mounted();
  page.last.send("loaderror", { error: { type: "api_connection_error", message: "Gone." } });
  await settled();
  assert.deepEqual(heard[1], ["loaderror", { error: { code: "fields_failed", message: "Gone.", retryable: true } }]);
  assert.equal(codeOf(await fields.tokenize()), "not_mounted");
});

test("a failure that no handler hears is written to the console", async () => {
  openPage();
  page.refusal = "unreachable";
  const written: unknown[] = [];
  const { error } = console;
  console.error = (...words: unknown[]) => written.push(words);
  fieldsOf().mount("#first");
  await settled();
  console.error = error;
  assert.equal(written.length, 1);
});

test("two instances load one script and hear only their own events", async () => {
  openPage();
  const [one, other] = [fieldsOf(), fieldsOf()];
  const heard = [heardBy(one), heardBy(other)];
  one.mount("#first");
  other.mount("#second");
  await settled();
  page.elements[0]?.send("blur");
  assert.deepEqual(heard.map((events) => events.map(([name]) => name)), [["ready", "blur"], ["ready"]]);
  assert.equal(page.scripts.length, 1);
  assert.equal(page.requests.length, 2);
});
