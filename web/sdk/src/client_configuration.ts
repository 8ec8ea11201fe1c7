// The client configuration: with what the customer can pay, and at which PSP account. FinCore decides it for each amount.

import { failure } from "./errors.js";
import type { Amount } from "./public.js";

/** One payment method on offer. */
export interface Method {
  type: string;
  psp: string;
  account: string;
  script_url: string;
  publishable_key?: string;
  client_id?: string;
}

/** What every request to FinCore needs. */
export interface Access {
  base_url: string;
  key: string;
}

/** The method of a type for an amount. Throws a `Failure`. */
export async function methodFor(type: string, amount: Amount, access: Access, signal: AbortSignal): Promise<Method> {
  const query = new URLSearchParams({ currency: amount.currency, amount_minor: String(amount.amount_minor) });
  let response: Response;
  let body: { methods?: Method[]; detail?: string; title?: string };
  try {
    response = await fetch(`${access.base_url}/v1/client_configuration?${query}`, {
      headers: { authorization: `Bearer ${access.key}` },
      credentials: "omit",
      signal,
    });
    body = await response.json();
  } catch {
    throw failure(
      "configuration_unreachable",
      `${access.base_url} did not answer this page. Check that its origin is registered for the merchant, and the page's connect-src.`,
    );
  }
  if (response.ok) {
    const found = body.methods?.find((method) => method.type === type);
    if (found) return found;
    throw failure("method_unavailable", `No account takes "${type}" in the browser for this amount.`);
  }
  const code =
    response.status === 429
      ? "rate_limited"
      : response.status >= 500
        ? "configuration_unreachable"
        : "configuration_refused";
  throw failure(code, body.detail ?? body.title ?? `HTTP ${response.status}`);
}
