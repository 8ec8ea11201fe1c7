// What a shop's page and the frame of PayPal's script tell each other, over the one port of a mounted button.

import type { FinCoreError, PayPalResult, PayPalStyle } from "../public.js";

/** The page's first message, with the port. The frame takes it once, and only from the page that its address names. */
export interface Connect {
  type: "fincore:connect";
  style: PayPalStyle;
}

export type FromFrame =
  | { type: "ready" }
  | { type: "height"; height_px: number }
  /** The customer pressed the button: a charge is wanted. */
  | { type: "charge" }
  | { type: "result"; result: PayPalResult }
  /** PayPal's script does not work here. */
  | { type: "failed"; error: FinCoreError };

export type ToFrame =
  | { type: "approval"; url: string; account: string }
  /** There is no charge to approve. */
  | { type: "refused"; error: FinCoreError };
