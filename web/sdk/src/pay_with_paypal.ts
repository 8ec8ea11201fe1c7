// PayPal's button, by the PSP that the client configuration names.

import type { Mounted } from "./adapter.js";
import { PAYPAL_ADAPTERS } from "./adapters.js";
import { Component, type Setting } from "./component.js";
import type { PayWithPayPal, PayWithPayPalEvents, PayWithPayPalOptions } from "./public.js";

export class PspPayWithPayPal
  extends Component<PayWithPayPalOptions, PayWithPayPalEvents, Mounted<PayWithPayPalOptions>>
  implements PayWithPayPal
{
  constructor(setting: Setting, options: PayWithPayPalOptions) {
    super("paypal", PAYPAL_ADAPTERS, setting, { title: "PayPal", ...options }, ["ready", "result", "loaderror"]);
    // Another press would make another charge.
    this.on("result", ({ status }) => status === "approved" && this.unmount());
  }
}
