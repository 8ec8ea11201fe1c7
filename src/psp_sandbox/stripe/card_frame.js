// The card form in its frame. Number and CVC go from here to the API and nowhere else; the page that embeds the frame
// is told brand, last 4 and the name of what was made.
(() => {
  "use strict";

  const OPENED_AT = Date.now();
  const VARIABLES = {
    colorBackground: ["--field", "color"],
    colorDanger: ["--bad", "color"],
    colorPrimary: ["--primary", "color"],
    colorText: ["--ink", "color"],
    colorTextPlaceholder: ["--quiet", "color"],
    borderRadius: ["--radius", "border-radius"],
    fontFamily: ["--font", "font-family"],
    fontSizeBase: ["--font-size", "font-size"],
    gridRowSpacing: ["--gap", "row-gap"],
  };
  const BRANDS = [
    ["amex", /^3[47]/],
    ["diners", /^3[0689]/],
    ["discover", /^6(011|4[4-9]|5)/],
    ["jcb", /^35/],
    ["mastercard", /^(5[1-5]|2[2-7])/],
    ["unionpay", /^62/],
    ["visa", /^4/],
  ];
  const MESSAGES = {
    incomplete_number: "Your card number is incomplete.",
    invalid_number: "Your card number is invalid.",
    incomplete_expiry: "Your card's expiration date is incomplete.",
    invalid_expiry_month: "Your card's expiration month is invalid.",
    invalid_expiry_year_past: "Your card's expiration date is in the past.",
    incomplete_cvc: "Your card's security code is incomplete.",
  };
  const FIELD_OF_PARAM = { number: "number", exp_month: "expiry", exp_year: "expiry", cvc: "cvc" };

  const inputs = Object.fromEntries(["number", "expiry", "cvc"].map((name) => [name, document.getElementById(name)]));
  const heard = document.getElementById("heard");
  const parentOrigin = document.referrer ? new URL(document.referrer).origin : null;
  let port = null;
  let key = "";

  const digits = (name) => inputs[name].value.replace(/\D/g, "");
  const brand = () => BRANDS.find(([, pattern]) => pattern.test(digits("number")))?.[0] ?? "unknown";

  function passesLuhn(number) {
    let sum = 0;
    [...number].reverse().forEach((digit, place) => {
      const value = Number(digit) * (place % 2 ? 2 : 1);
      sum += value > 9 ? value - 9 : value;
    });
    return sum % 10 === 0;
  }

  /** [month, four-digit year], or null as long as the date is incomplete. */
  function expiry() {
    const found = /^(\d{2})(\d{2}|20\d{2})$/.exec(digits("expiry"));
    return found ? [Number(found[1]), (Number(found[2]) % 100) + 2000] : null;
  }

  function flaw(name) {
    if (name === "number") {
      const number = digits("number");
      const whole = { amex: 15, diners: 14 }[brand()] ?? 16;
      if (number.length < whole) return "incomplete_number";
      return passesLuhn(number) ? null : "invalid_number";
    }
    if (name === "cvc") return digits("cvc").length < (brand() === "amex" ? 4 : 3) ? "incomplete_cvc" : null;
    const date = expiry();
    if (!date) return "incomplete_expiry";
    if (date[0] < 1 || date[0] > 12) return "invalid_expiry_month";
    const now = new Date();
    return date[1] * 12 + date[0] < now.getFullYear() * 12 + now.getMonth() + 1 ? "invalid_expiry_year_past" : null;
  }

  function show(name, message) {
    const line = document.getElementById(`${name}-error`);
    if (line.textContent === message) return;
    line.textContent = message;
    inputs[name].setAttribute("aria-invalid", String(message !== ""));
    heard.textContent = message;
  }

  function firstError() {
    const name = Object.keys(inputs).find((one) => flaw(one));
    return name && { type: "validation_error", code: flaw(name), message: MESSAGES[flaw(name)], field: name };
  }

  function changed() {
    const shown = Object.keys(inputs).find((name) => inputs[name].getAttribute("aria-invalid") === "true");
    const code = shown && flaw(shown);
    const error = code ? { type: "validation_error", code, message: MESSAGES[code] } : undefined;
    const empty = Object.values(inputs).every((input) => input.value === "");
    tell({ type: "change", empty, complete: !firstError(), brand: brand(), error });
  }

  function tell(message) {
    port?.postMessage(message);
  }

  function grouped(name, input) {
    // Typing in the middle keeps its place: the value is grouped anew only while the caret is at the end.
    if (input.selectionStart !== input.value.length) return;
    const typed = digits(name);
    if (name === "number") {
      const groups = brand() === "amex" ? /^(\d{1,4})(\d{1,6})?(\d{1,5})?/ : /^(\d{1,4})(\d{1,4})?(\d{1,4})?(\d{1,7})?/;
      input.value = (groups.exec(typed) ?? []).slice(1).filter(Boolean).join(" ");
    } else if (name === "expiry") {
      const padded = /^[2-9]/.test(typed) ? `0${typed}` : typed;
      input.value = padded.length > 2 ? `${padded.slice(0, 2)} / ${padded.slice(2, 6)}` : padded;
    } else {
      input.value = typed;
    }
  }

  for (const [name, input] of Object.entries(inputs)) {
    input.addEventListener("input", () => {
      grouped(name, input);
      if (!flaw(name) || /^incomplete/.test(flaw(name))) show(name, "");
      changed();
    });
    input.addEventListener("focus", () => tell({ type: "focus" }));
    input.addEventListener("blur", () => {
      // What was left empty is no flaw before it is submitted, and stays one after it.
      if (input.value !== "") show(name, flaw(name) ? MESSAGES[flaw(name)] : "");
      changed();
      tell({ type: "blur" });
    });
  }
  document.addEventListener("keydown", (event) => event.key === "Escape" && tell({ type: "escape" }));
  document.getElementById("card").addEventListener("submit", (event) => event.preventDefault());

  function submit() {
    for (const name of Object.keys(inputs)) show(name, flaw(name) ? MESSAGES[flaw(name)] : "");
    const error = firstError();
    changed();
    if (!error) return {};
    heard.textContent = error.message;
    inputs[error.field].focus();
    const { field, ...told } = error;
    return { error: told };
  }

  function flattened(fields, form, prefix) {
    for (const [name, value] of Object.entries(fields ?? {})) {
      if (value !== null && typeof value === "object") flattened(value, form, `${prefix}[${name}]`);
      else if (value !== undefined && value !== null) form.set(`${prefix}[${name}]`, String(value));
    }
  }

  async function make(what, fields) {
    const checked = submit();
    if (checked.error) return checked;
    const form = new URLSearchParams();
    if (what === "payment_method") {
      form.set("type", "card");
      flattened(fields.billing_details, form, "billing_details");
    } else {
      flattened(fields.card, form, "card");
    }
    const [month, year] = expiry();
    const card = { number: digits("number"), exp_month: month, exp_year: year, cvc: digits("cvc") };
    flattened(card, form, "card");
    const added = { guid: "NA", muid: "NA", sid: "NA", payment_user_agent: "stripe.js/sandbox", key };
    for (const [name, value] of Object.entries(added)) form.set(name, value);
    form.set("time_on_page", String(Date.now() - OPENED_AT));
    form.set("referrer", parentOrigin);
    try {
      const response = await fetch(`/v1/${what}s`, { method: "POST", body: form, credentials: "omit" });
      const data = await response.json();
      if (response.ok) return { [what === "token" ? "token" : "paymentMethod"]: data };
      const field = FIELD_OF_PARAM[data.error.param];
      if (field) show(field, data.error.message);
      else heard.textContent = data.error.message;
      return { error: data.error };
    } catch {
      const message = "The connection to the sandbox failed. Check the network and try again.";
      return { error: { type: "api_connection_error", message } };
    }
  }

  function dress(appearance = {}) {
    const root = document.documentElement;
    if (["stripe", "night"].includes(appearance.theme)) root.dataset.theme = appearance.theme;
    for (const [name, [property, kind]] of Object.entries(VARIABLES)) {
      const value = appearance.variables?.[name];
      const allowed = typeof value === "string" && !/url|var\(|[;{}]/i.test(value) && CSS.supports(kind, value);
      if (allowed) root.style.setProperty(property, value);
    }
  }

  function update({ appearance, disabled }) {
    dress(appearance);
    for (const input of Object.values(inputs)) input.disabled = disabled === true;
  }

  async function receive(message) {
    if (message.type === "ask") {
      const result = message.what === "submit" ? submit() : await make(message.what, message.fields);
      tell({ type: "answer", id: message.id, result });
    } else if (message.type === "update") {
      update(message);
    } else if (message.type === "focus") {
      inputs.number.focus();
    } else if (message.type === "blur") {
      document.activeElement?.blur();
    } else if (message.type === "clear") {
      for (const [name, input] of Object.entries(inputs)) {
        input.value = "";
        show(name, "");
      }
      changed();
    }
  }

  window.addEventListener("message", (event) => {
    const known = event.source === window.parent && event.origin === parentOrigin && event.ports.length === 1;
    if (port || !known || event.data?.type !== "psp-sandbox:connect") return;
    port = event.ports[0];
    key = String(event.data.key);
    port.onmessage = (told) => receive(told.data);
    update(event.data);
    new ResizeObserver(() => tell({ type: "height", height: document.documentElement.offsetHeight })).observe(document.body);
    tell({ type: "ready" });
  });
})();
