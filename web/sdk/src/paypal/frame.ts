// The frame in which PayPal's script runs: paypal_frame.js of the role `checkout`. It knows how the script is loaded from its
// own page, and the charge from the shop's.

import { errorOf, failure, thrown } from "../errors.js";
import type { FinCoreError } from "../public.js";
import { type Approval, approvalAt } from "./approval.js";
import type { Connect, FromFrame, ToFrame } from "./messages.js";
import type { PayPalJs } from "./paypal_js.js";

const DIALOG_PX = 640;
const place = document.getElementById("paypal") as HTMLElement;
const { account, origin, script } = place.dataset;
const nonce = document.currentScript?.nonce ?? "";

/** The charge that the next press has approved: the same again after the customer left PayPal, or PayPal refused what they chose. */
let live: { url: string; times_asked: number } | null = null;
/** Why PayPal got no order: its script may tell it in other words. */
let refusal: FinCoreError | null = null;

function start(port: MessagePort, { style }: Connect): void {
  const tell = (message: FromFrame): void => port.postMessage(message);
  const waiting: ((message: ToFrame) => void)[] = [];
  port.onmessage = ({ data }) => waiting.shift()?.(data);

  /** Asks the shop's page for a charge. */
  async function newCharge(): Promise<string> {
    tell({ type: "charge" });
    const answer = await new Promise<ToFrame>((resolve) => waiting.push(resolve));
    if (answer.type === "refused") throw failure(answer.error.code, answer.error.message);
    return answer.url;
  }

  async function toApprove(): Promise<Approval> {
    const found = live && (await approvalAt(live.url, "GET"));
    if (live && found?.status === "requires_action") return found;
    live = { url: await newCharge(), times_asked: 0 };
    return approvalAt(live.url, "GET");
  }

  async function createOrder(): Promise<string> {
    refusal = null;
    try {
      const { status, psp_account, psp_reference, times_asked } = await toApprove();
      if (status !== "requires_action" || !psp_reference) {
        throw failure("charge_refused", `A charge in "${status}" has nothing to approve.`);
      }
      if (psp_account !== account) {
        throw failure("charge_refused", `The charge is at "${psp_account}": createCharge has to send the payment_method that it gets.`);
      }
      if (live) live.times_asked = times_asked;
      return psp_reference;
    } catch (error) {
      refusal = thrown(error, "charge_refused");
      throw error;
    }
  }

  async function onApprove(): Promise<void> {
    const asked = live;
    // PayPal's webhook tells FinCore, too: where no answer comes, the approval stands.
    const told = asked && (await approvalAt(asked.url, "POST").catch(() => null));
    if (told && ["failed", "canceled", "expired"].includes(told.status)) {
      live = null;
      tell({ type: "result", result: { error: errorOf("payment_declined", `The charge is "${told.status}".`) } });
    } else if (told?.status === "requires_action" && asked && told.times_asked > asked.times_asked) {
      const message = "PayPal refused what the customer chose to pay with. They can press the button again and choose anew.";
      tell({ type: "result", result: { error: errorOf("payment_declined", message) } });
    } else {
      live = null;
      tell({ type: "result", result: { status: "approved" } });
    }
  }

  function onError(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    live = refusal?.code === "psp_unreachable" ? live : null;
    tell({ type: "result", result: { error: refusal ?? errorOf("psp_refused", message) } });
  }

  async function show(): Promise<void> {
    const paypal = await loaded();
    const fundingSource = paypal.FUNDING.PAYPAL;
    const onCancel = (): void => tell({ type: "result", result: { status: "canceled" } });
    const buttons = paypal.Buttons({ createOrder, fundingSource, onApprove, onCancel, onError, style });
    if (!buttons.isEligible()) throw failure("method_unavailable", "PayPal does not offer itself to this customer.");
    await buttons.render(place);
    tell({ type: "ready" });
  }

  const tellHeight = (): void => {
    // Where the browser lets no window open, PayPal shows its page over this one, which then needs room for it.
    const isCovered = document.querySelector("body > :not(#paypal) iframe") !== null;
    tell({ type: "height", height_px: isCovered ? DIALOG_PX : place.offsetHeight });
  };
  new ResizeObserver(tellHeight).observe(place);
  new MutationObserver(tellHeight).observe(document.body, { childList: true });
  show().catch((error: unknown) => tell({ type: "failed", error: thrown(error, "fields_failed") }));
}

/** PayPal's script, which gives the elements that it makes the nonce of this page. */
async function loaded(): Promise<PayPalJs> {
  const element = document.createElement("script");
  element.src = script ?? "";
  element.nonce = nonce;
  element.dataset.cspNonce = nonce;
  await new Promise((resolve, reject) => {
    element.addEventListener("load", resolve);
    element.addEventListener("error", () => reject(failure("script_failed", `${script} did not load.`)));
    document.head.append(element);
  });
  const { paypal } = window as { paypal?: PayPalJs };
  if (!paypal) throw failure("script_failed", `${script} gave no "paypal".`);
  return paypal;
}

function connect({ source, origin: from, ports, data }: MessageEvent): void {
  const [port] = ports;
  const isPage = source === window.parent && from === origin && ports.length === 1;
  if (!isPage || !port || (data as Partial<Connect> | null)?.type !== "fincore:connect") return;
  window.removeEventListener("message", connect);
  start(port, data as Connect);
}

document.body.style.margin = "0";
window.addEventListener("message", connect);
