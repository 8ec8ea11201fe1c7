// The parts of Stripe.js that take a card and authenticate a payment, against the sandbox that serves this file.
// Card data is typed into a frame of the sandbox's origin and stays there: this script receives tokens, brand and last 4.
(() => {
  "use strict";

  const ORIGIN = new URL(document.currentScript.src).origin;
  const LOAD_TIMEOUT_MS = 10000;
  const POLL_MS = 500;
  const FRAME_HEIGHT_MAX_PX = 600;
  const EVENTS = ["ready", "change", "focus", "blur", "escape", "loaderror"];
  const ANSWER_LOST = {
    type: "api_connection_error",
    message: "The connection to the sandbox failed. Check the network and try again.",
  };

  class IntegrationError extends Error {
    name = "IntegrationError";
  }

  function flattened(fields, form = new URLSearchParams(), prefix = "") {
    for (const [name, value] of Object.entries(fields)) {
      const path = prefix ? `${prefix}[${name}]` : name;
      if (value === undefined || value === null) continue;
      if (typeof value === "object") flattened(value, form, path);
      else form.append(path, String(value));
    }
    return form;
  }

  /** One call of the API with the publishable key: its object under `name`, or `{error}`. Never throws. */
  async function call(key, method, path, fields, name) {
    const form = flattened({ ...fields, key });
    const url = `${ORIGIN}/v1/${path}${method === "GET" ? `?${form}` : ""}`;
    try {
      const response = await fetch(url, { method, body: method === "POST" ? form : undefined, credentials: "omit" });
      const data = await response.json();
      return response.ok ? { [name]: data } : { error: data.error };
    } catch {
      return { error: ANSWER_LOST };
    }
  }

  function intentPath(clientSecret) {
    const found = /^(pi_\w+)_secret_\w+$/.exec(clientSecret ?? "");
    if (!found) throw new IntegrationError("The client secret of a payment intent has the form pi_..._secret_...");
    return `payment_intents/${found[1]}`;
  }

  /** One card form: one frame, one port, no listener on the window, so that several forms on a page never mix. */
  class Element {
    #type;
    #key;
    #options;
    #frame = null;
    #port = null;
    #timer = 0;
    #handlers = new Map();
    #waiting = new Map();
    #queue = [];
    #asked = 0;
    #destroyed = false;

    constructor(type, key, options) {
      this.#type = type;
      this.#key = key;
      this.#options = options;
    }

    mount(where) {
      if (this.#destroyed) throw new IntegrationError("This element was destroyed. Create another one.");
      const parent = typeof where === "string" ? document.querySelector(where) : where;
      if (!parent) throw new IntegrationError(`There is no element at ${where} to mount into.`);
      this.unmount();
      const frame = document.createElement("iframe");
      frame.title = this.#options.title ?? "Secure card payment input frame";
      frame.referrerPolicy = "origin";
      frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms");
      Object.assign(frame.style, { border: "0", display: "block", width: "100%", height: "230px" });
      this.#showThrough(frame);
      frame.addEventListener("load", () => this.#connect(frame), { once: true });
      frame.src = `${ORIGIN}/v3/card_frame.html`;
      this.#frame = frame;
      this.#timer = setTimeout(() => this.#fail(), LOAD_TIMEOUT_MS);
      parent.replaceChildren(frame);
    }

    on(event, handler) {
      if (!EVENTS.includes(event)) throw new IntegrationError(`There is no event "${event}".`);
      this.#handlers.set(event, [...(this.#handlers.get(event) ?? []), handler]);
      return this;
    }

    update(options) {
      this.#options = { ...this.#options, ...options };
      if (this.#frame) this.#showThrough(this.#frame);
      this.#send({ type: "update", appearance: this.#options.appearance, disabled: this.#options.disabled });
    }

    // A frame shows the page behind it only where both have one colour scheme: that of the theme, or the page's.
    #showThrough(frame) {
      frame.style.colorScheme = { stripe: "light", night: "dark" }[this.#options.appearance?.theme] ?? "";
    }

    focus() {
      this.#frame?.focus();
      this.#send({ type: "focus" });
    }

    blur() {
      this.#send({ type: "blur" });
    }

    clear() {
      this.#send({ type: "clear" });
    }

    unmount() {
      clearTimeout(this.#timer);
      this.#port?.close();
      this.#frame?.remove();
      this.#port = this.#frame = null;
      this.#queue = [];
      for (const answer of this.#waiting.values()) answer({ error: ANSWER_LOST });
      this.#waiting.clear();
    }

    destroy() {
      this.unmount();
      this.#destroyed = true;
    }

    /** Asks the frame to check the card, or to make a payment method or token of it. */
    ask(what, fields = {}) {
      if (!this.#frame) throw new IntegrationError("The element is not mounted.");
      const id = ++this.#asked;
      return new Promise((answer) => {
        this.#waiting.set(id, answer);
        this.#send({ type: "ask", id, what, fields });
      });
    }

    #connect(frame) {
      if (frame !== this.#frame) return;
      const channel = new MessageChannel();
      this.#port = channel.port1;
      this.#port.onmessage = (event) => this.#receive(event.data);
      const message = {
        type: "psp-sandbox:connect",
        key: this.#key,
        appearance: this.#options.appearance,
        disabled: this.#options.disabled,
      };
      // A frame that did not load has another origin: the browser drops the message, and `loaderror` follows.
      frame.contentWindow.postMessage(message, ORIGIN, [channel.port2]);
    }

    #receive(message) {
      if (message.type === "height") {
        this.#frame.style.height = `${Math.min(message.height, FRAME_HEIGHT_MAX_PX)}px`;
      } else if (message.type === "answer") {
        this.#waiting.get(message.id)?.(message.result);
        this.#waiting.delete(message.id);
      } else if (message.type === "ready") {
        clearTimeout(this.#timer);
        const waiting = this.#queue;
        this.#queue = null;
        for (const one of waiting) this.#port.postMessage(one);
        this.#emit("ready", { elementType: this.#type });
      } else if (message.type === "change") {
        const { empty, complete, brand, error } = message;
        const value = { type: "card" };
        this.#emit("change", { elementType: this.#type, empty, complete, brand, error, value, collapsed: false });
      } else if (EVENTS.includes(message.type)) {
        this.#emit(message.type, { elementType: this.#type });
      }
    }

    #send(message) {
      if (this.#queue) this.#queue.push(message);
      else this.#port?.postMessage(message);
    }

    #emit(event, detail) {
      for (const handler of this.#handlers.get(event) ?? []) handler(detail);
    }

    #fail() {
      const error = { type: "api_connection_error", message: "The card form did not load." };
      for (const answer of this.#waiting.values()) answer({ error });
      this.#waiting.clear();
      this.#emit("loaderror", { elementType: this.#type, error });
    }
  }

  class Elements {
    #key;
    #options;
    #elements = new Map();

    constructor(key, options) {
      this.#key = key;
      this.#options = options;
    }

    create(type, options = {}) {
      if (type !== "payment" && type !== "card") throw new IntegrationError(`The sandbox has no element "${type}".`);
      if (this.#elements.has(type)) throw new IntegrationError(`There is an element "${type}" in this group already.`);
      const element = new Element(type, this.#key, { ...this.#options, ...options });
      this.#elements.set(type, element);
      return element;
    }

    getElement(type) {
      return this.#elements.get(type) ?? null;
    }

    update(options) {
      for (const element of this.#elements.values()) element.update(options);
    }

    /** Checks what was typed and shows what is wrong: `{}` or `{error}`. */
    submit() {
      return this.card().ask("submit");
    }

    card() {
      const element = this.getElement("payment") ?? this.getElement("card");
      if (!element) throw new IntegrationError("Create an element first.");
      return element;
    }
  }

  /** The bank's page over the merchant's, until the payment waits no longer or the customer closes it. */
  function challenge(url, isOver) {
    const dialog = document.createElement("dialog");
    const frame = document.createElement("iframe");
    frame.title = "Authentication by your bank";
    frame.src = url;
    Object.assign(frame.style, { border: "0", display: "block", width: "100%", height: "100%" });
    const size = { width: "min(32rem, 96vw)", height: "min(34rem, 90vh)", padding: "0", border: "0" };
    Object.assign(dialog.style, { ...size, borderRadius: "12px", overflow: "hidden" });
    dialog.setAttribute("aria-label", "Authentication by your bank");
    dialog.append(frame);
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((done) => {
      const timer = setInterval(async () => (await isOver()) && dialog.close(), POLL_MS);
      dialog.addEventListener("close", () => {
        clearInterval(timer);
        dialog.remove();
        done();
      });
    });
  }

  function Stripe(key, options = {}) {
    if (!/^pk_(test|live)_\w+$/.test(key)) {
      throw new IntegrationError("Call Stripe() with your publishable key, which begins with pk_test_ or pk_live_.");
    }
    const retrieve = (secret) => call(key, "GET", intentPath(secret), { client_secret: secret }, "paymentIntent");

    async function next(found, clientSecret) {
      const action = found.paymentIntent?.next_action;
      if (found.error || !action) return found;
      if (action.type === "redirect_to_url") {
        window.location.assign(action.redirect_to_url.url);
        return new Promise(() => {});
      }
      const isOver = async () => {
        const { paymentIntent } = await retrieve(clientSecret);
        return paymentIntent !== undefined && paymentIntent.status !== "requires_action";
      };
      await challenge(action.use_stripe_sdk.stripe_js, isOver);
      const after = await retrieve(clientSecret);
      const refused = after.paymentIntent?.status === "requires_payment_method";
      return refused ? { error: { ...after.paymentIntent.last_payment_error, payment_intent: after.paymentIntent } } : after;
    }

    const make = (element, what, fields) => {
      if (!(element instanceof Element)) throw new IntegrationError("Pass an element that elements.create() returned.");
      return element.ask(what, fields);
    };

    return {
      elements: (group = {}) => new Elements(key, { locale: options.locale, ...group }),
      createPaymentMethod: ({ elements, params = {}, type, card, billing_details }) => {
        if (!elements && type !== "card") throw new IntegrationError("Pass {elements}, or {type: 'card', card}.");
        const billing = elements ? params.billing_details : billing_details;
        return make(elements ? elements.card() : card, "payment_method", { billing_details: billing });
      },
      createToken: (element, data = {}) => make(element, "token", { card: data }),
      retrievePaymentIntent: retrieve,
      handleNextAction: async ({ clientSecret }) => next(await retrieve(clientSecret), clientSecret),
      confirmCardPayment: async (clientSecret, data = {}, { handleActions = true } = {}) => {
        const path = `${intentPath(clientSecret)}/confirm`;
        const fields = { client_secret: clientSecret, return_url: data.return_url, use_stripe_sdk: true };
        if (typeof data.payment_method === "object") {
          const { card, billing_details } = data.payment_method;
          const made = await make(card, "payment_method", { billing_details });
          if (made.error) return made;
          fields.payment_method = made.paymentMethod.id;
        } else {
          fields.payment_method = data.payment_method;
        }
        const confirmed = await call(key, "POST", path, fields, "paymentIntent");
        return handleActions ? next(confirmed, clientSecret) : confirmed;
      },
    };
  }

  Stripe.version = "sandbox";
  window.Stripe = Stripe;
})();
