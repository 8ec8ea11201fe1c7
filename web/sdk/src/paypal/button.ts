// PayPal's button, in a frame of FinCore's, so that the shop's page need not allow PayPal's script.

import type { Mounted, PspAdapter } from "../adapter.js";
import { failure, thrown } from "../errors.js";
import type { NextAction, PayWithPayPalEvents, PayWithPayPalOptions } from "../public.js";
import type { Connect, FromFrame, ToFrame } from "./messages.js";

const HEIGHT_PX_MAX = 700;

export const paypalButton: PspAdapter<PayWithPayPalOptions, PayWithPayPalEvents, Mounted<PayWithPayPalOptions>> = {
  async mount({ method, access, host, options, emit, signal, fail }) {
    const { origin } = new URL(access.base_url);
    let shown = options;
    let frame = document.createElement("iframe");
    let port: MessagePort | undefined;
    signal.addEventListener("abort", () => port?.close());

    /** The approval of a new charge of the shop's, or why there is none. */
    async function charge(): Promise<ToFrame> {
      try {
        const { account } = method;
        const made = await shown.createCharge({ payment_method: { type: "paypal", account } });
        const action: NextAction | null = "next_action" in made ? made.next_action : made;
        if (!action?.approval_url) throw failure("charge_refused", "createCharge returned no charge that waits for an approval.");
        return { type: "approval", url: action.approval_url, account };
      } catch (error) {
        return { type: "refused", error: thrown(error, "charge_refused") };
      }
    }

    function open(): Promise<void> {
      port?.close();
      frame.remove();
      frame = document.createElement("iframe");
      frame.title = shown.title ?? "";
      frame.setAttribute("sandbox", "allow-forms allow-popups allow-popups-to-escape-sandbox allow-same-origin allow-scripts");
      Object.assign(frame.style, { border: "0", display: "block", width: "100%", height: "0" });
      frame.src = addressOf(shown);
      return new Promise((resolve) => {
        frame.addEventListener("load", () => {
          const channel = new MessageChannel();
          const own = channel.port1;
          port = own;
          own.onmessage = async ({ data }: MessageEvent<FromFrame>) => {
            if (data.type === "ready") resolve();
            else if (data.type === "height") frame.style.height = `${Math.min(data.height_px, HEIGHT_PX_MAX)}px`;
            else if (data.type === "charge") own.postMessage(await charge());
            else if (data.type === "result") emit("result", data.result);
            else fail(failure(data.error.code, data.error.message));
          };
          const connect: Connect = { type: "fincore:connect", style: shown.style ?? {} };
          // A page of another origin than FinCore's gets nothing.
          frame.contentWindow?.postMessage(connect, origin, [channel.port2]);
        }, { once: true });
        host.append(frame);
      });
    }

    function addressOf({ currency, capture, locale }: PayWithPayPalOptions): string {
      const query = new URLSearchParams({
        key: access.key,
        origin: location.origin,
        account: method.account,
        currency,
        intent: capture === false ? "authorize" : "capture",
        ...(locale && { locale }),
      });
      return `${access.base_url}/frames/paypal?${query}`;
    }

    await open();
    return {
      update(changed) {
        const before = shown;
        shown = changed;
        frame.title = shown.title ?? "";
        // A frame has the charge of its last press approved again: another amount needs another frame.
        const isSame =
          before.amount_minor === shown.amount_minor &&
          addressOf(before) === addressOf(shown) &&
          JSON.stringify(before.style) === JSON.stringify(shown.style);
        if (!isSame) void open();
      },
      focus: () => frame.focus(),
    };
  },
};
