// A customer's approval as FinCore tells it. The frame is of FinCore's origin, so that no page needs to be allowed to ask.

import { failure } from "../errors.js";

const UNDER_WAY_MS_MAX = 15_000;

export interface Approval {
  status: string;
  psp_account: string;
  psp_reference: string | null;
  times_asked: number;
}

/** Asks what is to be approved (GET), or tells that it was (POST). Throws a `Failure`. */
export async function approvalAt(address: string, method: "GET" | "POST"): Promise<Approval> {
  const url = new URL(address, location.href);
  if (url.origin !== location.origin || !url.pathname.startsWith("/approvals/")) {
    throw failure("charge_refused", "createCharge returned the approval of another installation.");
  }
  try {
    const response = await fetch(url, { method, signal: AbortSignal.timeout(UNDER_WAY_MS_MAX) });
    if (response.ok) return await response.json();
  } catch {
    // Told below.
  }
  throw failure("psp_unreachable", "FinCore did not answer about the approval.");
}
