// The button in its frame. A press opens the approval page in a window, which needs the press itself, so before the
// merchant's order is known. The page that embeds the frame is told which order was approved by which payer.
(() => {
  "use strict";

  const WATCH_MS = 200;
  const WINDOW = "popup,width=450,height=640";
  const LABELS = { paypal: ["", ""], checkout: ["", "Checkout"], buynow: ["", "Buy Now"], pay: ["Pay with", ""] };

  const parentOrigin = document.referrer ? new URL(document.referrer).origin : null;
  const given = new URLSearchParams(window.location.search);
  const button = document.getElementById("paypal");
  let port = null;
  let approval = null;

  function tell(message) {
    port?.postMessage(message);
  }

  function over(message) {
    clearInterval(approval.timer);
    approval.popup?.close();
    const orderID = approval.orderID;
    approval = null;
    button.removeAttribute("aria-disabled");
    tell({ ...message, orderID });
  }

  function press() {
    if (approval) {
      approval.popup?.focus();
      return;
    }
    const popup = window.open("", "", WINDOW);
    const timer = setInterval(() => popup?.closed && over({ type: "cancel" }), WATCH_MS);
    approval = { popup, timer, orderID: undefined };
    button.setAttribute("aria-disabled", "true");
    tell({ type: "create" });
  }

  function open(orderID) {
    approval.orderID = orderID;
    const query = new URLSearchParams([...given, ["token", orderID], ["xcomponent", "1"]]);
    const path = `/checkoutnow?${query}`;
    if (approval.popup) approval.popup.location.replace(path);
    else tell({ type: "overlay", url: new URL(path, window.location.href).href });
  }

  /** What the payer did on the approval page. */
  function answered({ action, payerID, message }) {
    if (!approval) return;
    if (action === "approve") over({ type: "approve", payerID });
    else if (action === "cancel") over({ type: "cancel" });
    else over({ type: "error", message });
  }

  function dress({ color = "gold", shape = "rect", label = "paypal", height = 45 }) {
    const [before, after] = LABELS[label];
    document.getElementById("before").textContent = before;
    document.getElementById("after").textContent = after;
    button.setAttribute("aria-label", [before, "PayPal", after].filter(Boolean).join(" "));
    button.dataset.color = color;
    const root = document.documentElement.style;
    root.setProperty("--height", `${height}px`);
    root.setProperty("--radius", shape === "pill" ? `${height}px` : "4px");
  }

  function receive(message) {
    if (message.type === "order" && approval) open(message.orderID);
    else if (message.type === "refused" && approval) over({ type: "refused" });
    else if (message.type === "answer") answered(message.answer);
  }

  button.addEventListener("click", press);
  window.addEventListener("pagehide", () => approval?.popup?.close());
  window.addEventListener("message", (event) => {
    if (event.data?.type === "psp-sandbox:answer") {
      const known = approval && event.source === approval.popup && event.origin === window.location.origin;
      if (known) answered(event.data);
      return;
    }
    const known = event.source === window.parent && event.origin === parentOrigin && event.ports.length === 1;
    if (port || !known || event.data?.type !== "psp-sandbox:connect") return;
    port = event.ports[0];
    port.onmessage = (told) => receive(told.data);
    dress(event.data.style);
    button.disabled = false;
    new ResizeObserver(() => tell({ type: "height", height: document.documentElement.offsetHeight })).observe(document.body);
    tell({ type: "ready" });
  });
})();
