// How a webhook endpoint stands.

import type { WebhookEndpoint } from "../../api/types";
import { names } from "../../language/texts";
import type { Tone } from "../../parts/status";

export type EndpointState = "enabled" | "attempts_fail" | NonNullable<WebhookEndpoint["disabled_reason"]>;

export const STATES = names<EndpointState>(
  {
    enabled: "Enabled",
    attempts_fail: "Attempts fail",
    by_merchant: "Disabled by merchant",
    by_staff: "Disabled by staff",
    gone: "Disabled: answered 410",
    failing: "Disabled: nothing arrived",
  },
  {
    enabled: "Eingeschaltet",
    attempts_fail: "Versuche scheitern",
    by_merchant: "Vom Händler abgeschaltet",
    by_staff: "Vom Betrieb abgeschaltet",
    gone: "Abgeschaltet: Antwort 410",
    failing: "Abgeschaltet: nichts kam an",
  },
);

export const TONES: Readonly<Record<EndpointState, Tone>> = {
  enabled: "good",
  attempts_fail: "warn",
  by_merchant: "plain",
  by_staff: "plain",
  gone: "bad",
  failing: "bad",
};

export function stateOf(endpoint: WebhookEndpoint): EndpointState {
  if (endpoint.disabled_reason) return endpoint.disabled_reason;
  return endpoint.failures > 0 ? "attempts_fail" : "enabled";
}

/** Which endpoints a list has. */
export const CONDITIONS = names<"enabled" | "failing" | "disabled">(
  { enabled: "Enabled", failing: "Failing", disabled: "Disabled" },
  { enabled: "Eingeschaltet", failing: "Gescheitert", disabled: "Abgeschaltet" },
);
