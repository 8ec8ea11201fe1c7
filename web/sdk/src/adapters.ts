// Which adapter drives which PSP: one table for each type of payment method.

import type { Adapters, MountedCardFields } from "./adapter.js";
import type { CardFieldsEvents, CardFieldsOptions } from "./public.js";
import { stripeCard } from "./stripe/card.js";

export const CARD_ADAPTERS: Adapters<CardFieldsOptions, CardFieldsEvents, MountedCardFields<CardFieldsOptions>> = {
  stripe: stripeCard,
};
