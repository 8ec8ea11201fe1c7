import { useSyncExternalStore } from "react";
import { useLanguage } from "../language/language";
import { distanceOf, formatTime, utcOf } from "../time/times";

const TICK_MILLISECONDS = 30_000;

/** A moment in the viewer's zone; UTC on hover. */
export function Time({ at, precision = "minute" }: { at: string; precision?: "day" | "minute" | "second" }) {
  return (
    <time className="nowrap" dateTime={at} title={utcOf(at)}>
      {formatTime(at, useLanguage().locale, precision)}
    </time>
  );
}

/** How far away a moment is, kept up to date; the moment itself on hover. */
export function Distance({ at }: { at: string }) {
  const { locale } = useLanguage();
  useNow();
  // By the time itself: by its last step, what has just happened would lie ahead.
  return (
    <time className="nowrap" dateTime={at} title={`${formatTime(at, locale, "second")} · ${utcOf(at)}`}>
      {distanceOf(at, Date.now(), locale)}
    </time>
  );
}

/** The time, in steps of half a minute. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => Math.floor(Date.now() / TICK_MILLISECONDS) * TICK_MILLISECONDS);
}

function subscribe(changed: () => void): () => void {
  const timer = setInterval(changed, TICK_MILLISECONDS);
  return () => clearInterval(timer);
}
