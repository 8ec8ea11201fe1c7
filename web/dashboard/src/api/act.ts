// An act of the person: one idempotency key from the moment its dialog opens, however often the act is asked for.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { ApiProblem, isTurnedAway, isWorthRepeating } from "./problem";

const TRIES_MAX = 4;
const FIRST_WAIT_MILLISECONDS = 500;

/** Whether nothing is known of what became of the act: the same request with the same key finds out. */
export function isOpen(error: unknown): boolean {
  return isWorthRepeating(error) || (error instanceof ApiProblem && IN_USE.has(error.code));
}

const IN_USE: ReadonlySet<string> = new Set(["idempotency_key_in_use", "idempotency_key_reused"]);

/** What a person asked for: the words of the button that was pressed, and what was filled in. */
export interface Asked<V> {
  readonly button: string;
  readonly values: V;
}

export interface Act<V> {
  /** Asks for the act. While it is asked for, and once it is done, this does nothing. */
  readonly act: (asked: Asked<V>) => void;
  readonly state: "ready" | "asking" | "asking_again" | "lost" | "done";
  /** What was asked for last; null before that. */
  readonly asked: Asked<V> | null;
  /** Whether it was asked for before the component was mounted. */
  readonly isTakenUp: boolean;
  readonly problem: Error | null;
}

interface OpenAct {
  readonly key: string;
  readonly asked: Asked<unknown>;
}

/** Acts of which the outcome is not known, by their subject, until the page is loaded anew. */
const openActs = new Map<string, OpenAct>();

/**
 * Asks for an act with the key of the component, which is made when the component is mounted, and asks again with the same key where
 * the answer was lost: the server does the act once and answers the same. Only after a refusal, by which nothing was done, is there
 * a new key, for what the person changes then. Where a login ends after an answer was lost, it stays unknown what became of the act.
 *
 * `subject` names the act and what it is done to. A component that is unmounted goes on asking. While the outcome is unknown, the next
 * component with its subject takes up what was asked for, with its key, and begins as `lost`. `done` is called while the component is
 * mounted, `doneLater` after that.
 */
export function useAct<V, A>(
  subject: string,
  ask: (values: V, idempotencyKey: string) => Promise<A>,
  done: (answer: A) => void,
  doneLater: (asked: Asked<V>) => void,
): Act<V> {
  const [takenUp] = useState(() => openActs.get(subject) as (OpenAct & { readonly asked: Asked<V> }) | undefined);
  const [asked, setAsked] = useState(takenUp?.asked ?? null);
  const key = useRef(takenUp?.key ?? "");
  key.current ||= crypto.randomUUID();
  const isUnderWay = useRef(false);
  const wasLost = useRef(takenUp !== undefined);
  const isMounted = useRef(true);
  useEffect(() => {
    isMounted.current = true;
    return () => {
      isMounted.current = false;
    };
  }, []);
  const queries = useQueryClient();
  const mutation = useMutation({
    mutationFn: async ({ values }: Asked<V>) => {
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
    onSuccess: (answer, asked) => {
      settle(subject, key.current);
      if (isMounted.current) done(answer);
      else doneLater(asked);
    },
    onError: (error) => {
      isUnderWay.current = false;
      if (isUndecided(error, wasLost.current)) return;
      settle(subject, key.current);
      key.current = crypto.randomUUID();
      wasLost.current = false;
    },
    onSettled: () => {
      void queries.invalidateQueries();
    },
  });
  const act = (asked: Asked<V>): void => {
    if (isUnderWay.current) return;
    isUnderWay.current = true;
    openActs.set(subject, { key: key.current, asked });
    setAsked(asked);
    mutation.mutate(asked);
  };
  const isTakenUp = takenUp !== undefined;
  const state = isTakenUp && mutation.isIdle ? "lost" : stateOf(mutation, wasLost.current);
  return { act, state, asked, isTakenUp, problem: mutation.isError ? mutation.error : null };
}

/** The outcome is known. What was asked for after that, with another key, stays open. */
function settle(subject: string, key: string): void {
  if (openActs.get(subject)?.key === key) openActs.delete(subject);
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
