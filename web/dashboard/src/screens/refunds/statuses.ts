import type { RefundRow } from "../../api/types";
import { names } from "../../language/texts";
import type { Tone } from "../../parts/status";

export const STATUSES = names<RefundRow["status"]>(
  { processing: "In progress", pending: "With the PSP", succeeded: "Succeeded", failed: "Failed" },
  { processing: "In Arbeit", pending: "Beim PSP", succeeded: "Erfolgreich", failed: "Gescheitert" },
);

export const TONES: Readonly<Record<RefundRow["status"], Tone>> = { processing: "info", pending: "info", succeeded: "good", failed: "bad" };
