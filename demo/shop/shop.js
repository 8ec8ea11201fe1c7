// The shop's page: card fields in it, and what becomes of the payment. The token goes to the shop's back end, the card never does.
"use strict";

(async () => {
  const place = document.getElementById("in-page");
  const pay = document.getElementById("pay");
  const told = document.getElementById("told");
  const { order, key, amountMinor, currency } = place.dataset;
  const tell = (text) => {
    told.textContent = text;
    told.className = text ? "bad" : "";
  };

  const fincore = await FinCore.loadFinCore(key);
  const amount = { amount_minor: Number(amountMinor), currency };
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;

  const charge = async (paymentMethod) => {
    const response = await fetch("/pay/method", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ order, payment_method: paymentMethod }),
    });
    return response.json();
  };
  const orderPage = `/orders/${order}`;

  const card = fincore.cardFields({ ...amount, title: "Card", appearance: { theme: isDark ? "night" : "stripe" } });
  card.on("ready", () => { pay.disabled = false; });
  card.on("change", () => tell(""));
  card.on("loaderror", ({ error }) => tell(error.message));
  card.mount("#card");

  const paypal = fincore.payWithPayPal({
    ...amount,
    createCharge: async ({ payment_method }) => {
      const charged = await charge(payment_method);
      if (!charged.next_action) throw new Error(charged.declined ?? "This order is paid already.");
      return charged;
    },
  });
  paypal.on("result", ({ status, error }) => {
    if (error) tell(error.message);
    if (status === "approved") location.assign(orderPage);
  });
  paypal.on("loaderror", ({ error }) => tell(error.message));
  paypal.mount("#paypal");

  pay.addEventListener("click", async () => {
    pay.disabled = true;
    tell("");
    try {
      const made = await card.tokenize();
      if (made.error) return tell(made.error.message);
      const charged = await charge(made.payment_method);
      if (charged.declined) return tell(charged.declined);
      const { error } = await fincore.handleNextAction(charged.next_action);
      if (error) return tell(error.message);
      if (!charged.next_action) location.assign(orderPage);
    } catch {
      tell("The shop does not answer. Try again.");
    } finally {
      pay.disabled = false;
    }
  });
})();
