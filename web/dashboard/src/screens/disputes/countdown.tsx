import type { Dispute } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Distance, useNow } from "../../parts/time";
import { formatTime, timeLeft, utcOf } from "../../time/times";
import { DISPUTES } from "./texts";

/** How long a dispute can still be answered, `3 days to respond`, or for how long it is overdue; of one that needs no response, when that was. */
export function Countdown({ of: { status, evidence_due_by: due } }: { of: Pick<Dispute, "status" | "evidence_due_by"> }) {
  const t = useTexts(DISPUTES);
  const { locale } = useLanguage();
  const now = useNow();
  if (due === null) return "—";
  if (status !== "needs_response") return <Distance at={due} />;
  const left = timeLeft(due, now, locale);
  return (
    <time className="nowrap" dateTime={due} title={`${formatTime(due, locale, "second")} · ${utcOf(due)}`}>
      {Date.parse(due) > now ? t.toRespond(left) : t.overdueBy(left)}
    </time>
  );
}
