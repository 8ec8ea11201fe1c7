import { useParams } from "@tanstack/react-router";
import type { Mode } from "./permission";

/** The mode that the address names: each link carries it. */
export function useModeOfPage(): Mode {
  return useParams({ strict: false, select: (params) => ((params as { mode?: string }).mode === "live" ? "live" : "test") });
}
