// What a version may be used for next.

import type { RiskRules } from "../../api/types";

export type Use = "shadow" | "live" | "retire";

/** What a version in each state may become. */
export const USES: Readonly<Record<RiskRules["state"], readonly Use[]>> = {
  draft: ["shadow"],
  shadow: ["live", "retire"],
  live: ["retire"],
  retired: ["shadow", "live"],
};
