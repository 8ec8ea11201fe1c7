// Stripe's Payment Element for cards, by Stripe.js or by what the sandbox serves in its place.

import type { MountedCardFields, PspAdapter } from "../adapter.js";
import { failure } from "../errors.js";
import type { CardFieldsEvents, CardFieldsOptions } from "../public.js";
import { loadScript } from "../script.js";
import { cardError } from "./errors.js";
import type { StripeConstructor } from "./stripe_js.js";

export const stripeCard: PspAdapter<CardFieldsOptions, CardFieldsEvents, MountedCardFields<CardFieldsOptions>> = {
  async mount({ method, host, options, emit, fail, signal }) {
    const Stripe = (await loadScript(method.script_url, "Stripe")) as StripeConstructor;
    signal.throwIfAborted();
    const stripe = Stripe(method.publishable_key ?? "", { locale: options.locale ?? "auto" });
    const elements = stripe.elements({ mode: "payment", paymentMethodCreation: "manual", paymentMethodTypes: ["card"], ...shown(options) });
    const element = elements.create("payment", { wallets: { applePay: "never", googlePay: "never" } });
    signal.addEventListener("abort", () => element.destroy());
    element.on("change", ({ complete, empty, brand, error }) =>
      emit("change", {
        complete,
        empty,
        brand: !brand || brand === "unknown" ? null : brand,
        error: error ? cardError(error) : null,
      }),
    );
    for (const name of ["focus", "blur", "escape"] as const) element.on(name, () => emit(name, {}));
    element.on("loaderror", ({ error }) => fail(failure("fields_failed", error.message ?? "Stripe's fields did not load.")));
    await new Promise<void>((resolve) => {
      element.on("ready", () => resolve());
      element.mount(host);
    });
    return {
      update: (changed) => elements.update(shown(changed)),
      focus: () => element.focus(),
      clear: () => element.clear(),
      async tokenize(billing) {
        const checked = await elements.submit();
        if (checked.error) return { error: cardError(checked.error) };
        const { paymentMethod, error } = await stripe.createPaymentMethod({
          elements,
          ...(billing && { params: { billing_details: billing } }),
        });
        if (!paymentMethod) return { error: cardError(error ?? {}) };
        return {
          payment_method: { type: "card", token: paymentMethod.id, account: method.account },
          brand: paymentMethod.card?.brand ?? null,
          last4: paymentMethod.card?.last4 ?? null,
        };
      },
    };
  },
};

/** What Stripe is told at first and after each change. */
function shown({ amount_minor, currency, appearance, locale }: CardFieldsOptions) {
  return {
    amount: amount_minor,
    currency: currency.toLowerCase(),
    ...(appearance && { appearance }),
    ...(locale && { locale }),
  };
}
