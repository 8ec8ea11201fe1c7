// An act of the person: one idempotency key from the moment its dialog opens, however often the act is asked for.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { ApiProblem, isTurnedAway, isWorthRepeating } from "./problem";

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
 * a new key, for what the person changes then. Where a login ends after an answer was lost, it stays unknown what became of the act.
 */
export function useAct<V, A>(ask: (values: V, idempotencyKey: string) => Promise<A>, done: (answer: A) => void): Act<V> {
  const key = useRef("");
  key.current ||= crypto.randomUUID();
  const isUnderWay = useRef(false);
  const wasLost = useRef(false);
  const queries = useQueryClient();
  const mutation = useMutation({
    mutationFn: async (values: V) => {
      try {
        return await ask(values, key.current);
      } catch (error) {
        wasLost.current ||= isOpen(error);
        throw error;
      }
    },
    retry: (failures, error) => isOpen(error) && failures < TRIES_MAX - 1,
    retryDelay: (failures) => FIRST_WAIT_MILLISECONDS * 2 ** failures,
    networkMode: "always",
    onSuccess: done,
    onError: (error) => {
      isUnderWay.current = false;
      if (isUndecided(error, wasLost.current)) return;
      key.current = crypto.randomUUID();
      wasLost.current = false;
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
  return { act, state: stateOf(mutation, wasLost.current), problem: mutation.isError ? mutation.error : null };
}

/** Whether nothing is known of what became of the act, by its last try and by those before it. */
function isUndecided(error: unknown, wasLost: boolean): boolean {
  return isOpen(error) || (wasLost && isTurnedAway(error));
}

function stateOf(mutation: { status: string; failureCount: number; error: unknown }, wasLost: boolean): Act<never>["state"] {
  if (mutation.status === "success") return "done";
  if (mutation.status === "pending") return mutation.failureCount > 0 ? "asking_again" : "asking";
  return mutation.status === "error" && isUndecided(mutation.error, wasLost) ? "lost" : "ready";
}
