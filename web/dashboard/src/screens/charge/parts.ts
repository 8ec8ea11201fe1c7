// Parts of a charge that are resources of their own.

import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { Charge } from "../../api/types";

export type Part = "timeline" | "psp_calls" | "psp_reports" | "deliveries" | "ledger_entries" | "checks" | "notes";

/** A part of a charge; it is asked for anew where the charge has changed. */
export function usePart<T>(
  charge: Charge,
  part: Part,
  ask: (path: { charge_id: string }, signal: AbortSignal) => Promise<T>,
): UseQueryResult<T, Error> {
  return useQuery({
    queryKey: ["charge", charge.id, part, charge.status, charge.refunds, charge.amount_captured_minor],
    queryFn: ({ signal }) => ask({ charge_id: charge.id }, signal),
  });
}
