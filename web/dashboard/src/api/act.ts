// An act of the person: one idempotency key from the moment its dialog opens, however often the act is asked for.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { ApiProblem, isWorthRepeating } from "./problem";

const TRIES_MAX = 4;
const FIRST_WAIT_MILLISECONDS = 500;

/** Whether nothing is known of what became of the act: the same request with the same key finds out. */
export function isOpen(error: unknown): boolean {
  return isWorthRepeating(error) || (error instanceof ApiProblem && IN_USE.has(error.code));
}

const IN_USE: ReadonlySet<string> = new Set(["idempotency_key_in_use", "idempotency_key_reused"]);

export interface Act<V> {
  /** Asks for the act. While it is asked for, and once it is done, this does nothing. */
  readonly act: (values: V) => void;
  readonly state: "ready" | "asking" | "asking_again" | "lost" | "done";
  readonly problem: Error | null;
}

/**
 * Asks for an act with the key of the component, which is made when the component is mounted, and asks again with the same key where
 * the answer was lost: the server does the act once and answers the same. Only after a refusal, by which nothing was done, is there
 * a new key, for what the person changes then.
 */
export function useAct<V, A>(ask: (values: V, idempotencyKey: string) => Promise<A>, done: (answer: A) => void): Act<V> {
  const key = useRef("");
  key.current ||= crypto.randomUUID();
  const isUnderWay = useRef(false);
  const queries = useQueryClient();
  const mutation = useMutation({
    mutationFn: (values: V) => ask(values, key.current),
    retry: (failures, error) => isOpen(error) && failures < TRIES_MAX - 1,
    retryDelay: (failures) => FIRST_WAIT_MILLISECONDS * 2 ** failures,
    networkMode: "always",
    onSuccess: done,
    onError: (error) => {
      if (!isOpen(error)) key.current = crypto.randomUUID();
      isUnderWay.current = false;
    },
    onSettled: () => {
      void queries.invalidateQueries();
    },
  });
  const act = (values: V): void => {
    if (isUnderWay.current) return;
    isUnderWay.current = true;
    mutation.mutate(values);
  };
  return { act, state: stateOf(mutation), problem: mutation.isError ? mutation.error : null };
}

function stateOf(mutation: { status: string; failureCount: number; error: unknown }): Act<never>["state"] {
  if (mutation.status === "success") return "done";
  if (mutation.status === "pending") return mutation.failureCount > 0 ? "asking_again" : "asking";
  return mutation.status === "error" && isOpen(mutation.error) ? "lost" : "ready";
}
