// A PSP's script: loaded once for each address and page, and again after it failed.

import { failure } from "./errors.js";

interface ScriptPolicy {
  createScriptURL(url: string): string;
}

const loading = new Map<string, Promise<unknown>>();
let policy: ScriptPolicy | undefined;

/** The global of the script at an address, once it has run. Throws a `Failure`. */
export function loadScript(url: string, global: string): Promise<unknown> {
  let loaded = loading.get(url);
  if (!loaded) {
    loaded = load(url, () => (window as unknown as Record<string, unknown>)[global]);
    loading.set(url, loaded);
    loaded.catch(() => loading.delete(url));
  }
  return loaded;
}

async function load(url: string, value: () => unknown): Promise<unknown> {
  // The shop may have the script in its page already, as Stripe advises. Once the page is complete, that one has run or failed.
  const present = Array.from(document.scripts).find((script) => script.src === url);
  const script = present && (value() || document.readyState !== "complete") ? present : document.createElement("script");
  try {
    if (script !== present) {
      script.src = trusted(url);
      document.head.append(script);
    }
    if (script !== present || !value()) {
      await new Promise((resolve, reject) => {
        script.addEventListener("load", resolve);
        script.addEventListener("error", reject);
      });
    }
    if (value()) return value();
  } catch {
    // Told below.
  }
  script.remove();
  throw failure("script_failed", `${url} did not load. Check the network, blockers, and the page's script-src.`);
}

/** The address as pages with `require-trusted-types-for 'script'` take it: under the policy "fincore", where the page allows it. */
function trusted(url: string): string {
  const types = (window as { trustedTypes?: { createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy } })
    .trustedTypes;
  try {
    policy ??= types?.createPolicy("fincore", { createScriptURL: (address) => address });
  } catch {
    // The page does not allow the policy; it may have a default one.
  }
  return policy ? policy.createScriptURL(url) : url;
}
