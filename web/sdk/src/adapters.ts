// Which adapter drives which PSP: one table for each type of payment method.

import type { Adapters, Mounted, MountedCardFields } from "./adapter.js";
import { paypalButton } from "./paypal/button.js";
import type {
  CardFieldsEvents,
  CardFieldsOptions,
  PayWithPayPalEvents,
  PayWithPayPalOptions,
} from "./public.js";
import { stripeCard } from "./stripe/card.js";

export const CARD_ADAPTERS: Adapters<CardFieldsOptions, CardFieldsEvents, MountedCardFields<CardFieldsOptions>> = {
  stripe: stripeCard,
};

export const PAYPAL_ADAPTERS: Adapters<PayWithPayPalOptions, PayWithPayPalEvents, Mounted<PayWithPayPalOptions>> = {
  paypal: paypalButton,
};
