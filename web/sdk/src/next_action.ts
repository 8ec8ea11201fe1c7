// What a customer must do before a charge can go on: a page of the PSP, such as the bank's for 3-D Secure.

import { errorOf } from "./errors.js";
import type { NextAction, NextActionResult } from "./public.js";

export async function handleNextAction(action: NextAction | null): Promise<NextActionResult> {
  if (!action) return {};
  const url = action.redirect_url ?? "";
  if (!/^https?:\/\//i.test(url)) return { error: errorOf("next_action_unknown", `"${url}" is no page to go to.`) };
  return new Promise((resolve) => {
    // The browser may keep this page, and show it again at the back button.
    addEventListener("pageshow", ({ persisted }) => persisted && resolve({}));
    location.assign(url);
  });
}
