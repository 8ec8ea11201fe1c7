// Every error as a value: its code, and whether the same call may succeed later.

import type { CardField, ErrorCode, FinCoreError } from "./public.js";

const RETRYABLE: readonly ErrorCode[] = [
  "configuration_unreachable",
  "rate_limited",
  "script_failed",
  "fields_failed",
  "load_timeout",
  "unmounted",
  "psp_unreachable",
  "payment_declined",
];

export function errorOf(code: ErrorCode, message: string, field?: CardField): FinCoreError {
  return { code, message, ...(field && { field }), retryable: RETRYABLE.includes(code) };
}

/** An error on its way to the code that returns it as a value. */
export class Failure extends Error {
  constructor(readonly error: FinCoreError) {
    super(error.message);
  }
}

export function failure(code: ErrorCode, message: string): Failure {
  return new Failure(errorOf(code, message));
}

/** What was thrown as an error value; `code` is for what is no `Failure`, such as an exception of a PSP's script. */
export function thrown(error: unknown, code: ErrorCode): FinCoreError {
  return error instanceof Failure ? error.error : errorOf(code, String(error));
}
