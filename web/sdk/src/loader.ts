// From a publishable key to FinCore.

import { PspCardFields } from "./card_fields.js";
import { handleNextAction } from "./next_action.js";
import { PspPayWithPayPal } from "./pay_with_paypal.js";
import type { LoadFinCore } from "./public.js";

const LOAD_TIMEOUT_MS = 10_000;

/** `loadFinCore` of a script at an address; undefined where the script does not know it. */
export function loaderOf(script: string | undefined): LoadFinCore {
  return async (key, { base_url, locale, load_timeout_ms = LOAD_TIMEOUT_MS } = {}) => {
    if (typeof window === "undefined") return null;
    if (!/^pk_(test|live)_/.test(key)) throw new TypeError("Pass a publishable key, which begins with pk_test_ or pk_live_.");
    const base = base_url?.replace(/\/+$/, "") ?? (script && new URL(script).origin);
    if (!base || !/^https?:/.test(base)) throw new TypeError("Pass base_url: where customers reach FinCore.");
    const setting = { base_url: base, key, load_timeout_ms };
    return {
      cardFields: (options) => new PspCardFields(setting, { ...(locale && { locale }), ...options }),
      payWithPayPal: (options) => new PspPayWithPayPal(setting, { ...(locale && { locale }), ...options }),
      handleNextAction,
    };
  };
}
