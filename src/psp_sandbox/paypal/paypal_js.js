// The parts of PayPal's JavaScript SDK that show a button and have an order approved, against the sandbox that serves this
// file. The payer approves in a window of the sandbox's origin: this script receives ids of the order and of the payer.
(() => {
  "use strict";

  const SOURCE = new URL(document.currentScript.src);
  const ORIGIN = SOURCE.origin;
  const LOAD_TIMEOUT_MS = 10000;
  const FRAME_HEIGHT_MAX_PX = 80;
  const STYLES = {
    color: ["gold", "blue", "silver", "white", "black"],
    label: ["paypal", "checkout", "buynow", "pay"],
    layout: ["horizontal", "vertical"],
    shape: ["rect", "pill"],
  };
  const HEIGHT_PX = { min: 25, max: 55 };
  const FUNDING = { PAYPAL: "paypal", CARD: "card", CREDIT: "credit", PAYLATER: "paylater", VENMO: "venmo" };

  function checkedStyle(style = {}) {
    for (const [name, values] of Object.entries(STYLES)) {
      if (style[name] !== undefined && !values.includes(style[name])) {
        throw new Error(`Unexpected style.${name} for paypal button, expected ${values.join(", ")}`);
      }
    }
    const { height } = style;
    if (height !== undefined && !(height >= HEIGHT_PX.min && height <= HEIGHT_PX.max)) {
      throw new Error(`Expected style.height to be between ${HEIGHT_PX.min}px and ${HEIGHT_PX.max}px`);
    }
    return style;
  }

  /** The approval page over the merchant's page, where the browser let no window open. Resolves to the payer's answer. */
  function overlay(url) {
    const dialog = document.createElement("dialog");
    const frame = document.createElement("iframe");
    frame.title = "PayPal";
    frame.src = url;
    Object.assign(frame.style, { border: "0", display: "block", width: "100%", height: "100%" });
    const size = { width: "min(28rem, 96vw)", height: "min(40rem, 90vh)", padding: "0", border: "0" };
    Object.assign(dialog.style, { ...size, borderRadius: "12px", overflow: "hidden" });
    dialog.setAttribute("aria-label", "PayPal");
    dialog.append(frame);
    document.body.append(dialog);
    dialog.showModal();
    const answer = new Promise((answered) => {
      frame.addEventListener("load", () => {
        const channel = new MessageChannel();
        channel.port1.onmessage = (event) => answered(event.data);
        frame.contentWindow.postMessage({ type: "psp-sandbox:connect" }, ORIGIN, [channel.port2]);
      });
      dialog.addEventListener("close", () => answered({ action: "cancel" }));
    });
    return { answer, close: () => dialog.remove() };
  }

  /** One button: one frame, one port, no listener on the window, so that several buttons on a page never mix. */
  class Buttons {
    #options;
    #style;
    #frame = null;
    #port = null;
    #overlay = null;
    #timer = 0;
    #settle = null;

    constructor(options) {
      if (typeof options.createOrder !== "function") throw new Error("Must pass createOrder to paypal.Buttons");
      this.#options = options;
      this.#style = checkedStyle(options.style);
    }

    isEligible() {
      return (this.#options.fundingSource ?? FUNDING.PAYPAL) === FUNDING.PAYPAL;
    }

    render(where) {
      const parent = typeof where === "string" ? document.querySelector(where) : where;
      if (!parent) return Promise.reject(new Error(`Document is ready and element ${where} does not exist`));
      if (!this.isEligible()) return Promise.reject(new Error(`${this.#options.fundingSource} is not eligible`));
      if (this.#frame) return Promise.reject(new Error("The button is rendered already"));
      const frame = document.createElement("iframe");
      frame.title = "PayPal";
      frame.referrerPolicy = "origin";
      Object.assign(frame.style, { border: "0", display: "block", width: "100%", height: "53px", colorScheme: "auto" });
      frame.addEventListener("load", () => this.#connect(frame), { once: true });
      const intent = SOURCE.searchParams.get("intent") ?? "capture";
      const query = new URLSearchParams({ "client-id": SOURCE.searchParams.get("client-id"), intent });
      frame.src = `${ORIGIN}/smart/button?${query}`;
      this.#frame = frame;
      parent.append(frame);
      return new Promise((resolve, reject) => {
        this.#settle = resolve;
        this.#timer = setTimeout(() => {
          const error = new Error(`Loading component paypal_buttons timed out after ${LOAD_TIMEOUT_MS} milliseconds`);
          this.#failed(error);
          reject(error);
        }, LOAD_TIMEOUT_MS);
      });
    }

    close() {
      clearTimeout(this.#timer);
      this.#port?.close();
      this.#overlay?.close();
      this.#frame?.remove();
      this.#port = this.#frame = this.#overlay = null;
      return Promise.resolve();
    }

    #connect(frame) {
      if (frame !== this.#frame) return;
      const channel = new MessageChannel();
      this.#port = channel.port1;
      this.#port.onmessage = (event) => this.#receive(event.data);
      // A frame that did not load has another origin: the browser drops the message, and the time-out follows.
      frame.contentWindow.postMessage({ type: "psp-sandbox:connect", style: this.#style }, ORIGIN, [channel.port2]);
    }

    #receive(message) {
      const { type, orderID, payerID } = message;
      if (type === "height") {
        this.#frame.style.height = `${Math.min(message.height, FRAME_HEIGHT_MAX_PX)}px`;
      } else if (type === "ready") {
        clearTimeout(this.#timer);
        this.#settle();
      } else if (type === "create") {
        this.#create(this.#port);
      } else if (type === "overlay") {
        this.#cover(message.url, this.#port);
      } else if (type === "approve") {
        this.#approved({ orderID, payerID, paymentSource: FUNDING.PAYPAL });
      } else if (type === "cancel") {
        this.#options.onCancel?.({ orderID });
      } else if (type === "error") {
        this.#failed(new Error(message.message));
      }
    }

    async #create(port) {
      try {
        const orderID = await this.#options.createOrder({ paymentSource: FUNDING.PAYPAL }, {});
        if (typeof orderID !== "string" || !orderID) throw new Error("Expected an order id to be passed");
        port.postMessage({ type: "order", orderID });
      } catch (error) {
        port.postMessage({ type: "refused" });
        if (port === this.#port) this.#failed(error);
      }
    }

    async #cover(url, port) {
      this.#overlay = overlay(url);
      const answer = await this.#overlay.answer;
      this.#overlay?.close();
      this.#overlay = null;
      port.postMessage({ type: "answer", answer });
    }

    async #approved(data) {
      try {
        await this.#options.onApprove?.(data, {});
      } catch (error) {
        this.#failed(error);
      }
    }

    #failed(error) {
      if (this.#options.onError) this.#options.onError(error);
      else throw error;
    }
  }

  window.paypal = { Buttons: (options = {}) => new Buttons(options), FUNDING, version: "sandbox" };
})();
