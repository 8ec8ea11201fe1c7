// Cards beside the two sides of a break: what it is of, its history, and the adjustments that it led to.

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import type { Adjustment, BreakRecord } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { Copy } from "../../parts/copy";
import { Card, Facts } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { CLASSES } from "../breaks/classes";
import { BREAKS } from "../breaks/texts";
import { ACTS, BREAK, DONE } from "./texts";

export function FactsCard({ found }: { found: BreakRecord }) {
  const t = useTexts(BREAK);
  const list = useTexts(BREAKS);
  const mode = useModeOfPage();
  const run = (id: string) => (
    <Link to="/$mode/runs/$runId" params={{ mode, runId: id }} className="code">
      {id}
    </Link>
  );
  return (
    <Card title={t.facts}>
      <Facts
        of={[
          [t.account, found.account],
          [
            t.charge,
            found.charge && (
              <Link to="/$mode/charges/$chargeId" params={{ mode, chargeId: found.charge }} className="code">
                {found.charge}
              </Link>
            ),
          ],
          [t.reference, found.reference && <Copy text={found.reference} />],
          [
            t.file,
            found.file && (
              <Link key="file" to="/$mode/settlement_files/$fileId" params={{ mode, fileId: found.file }} className="code">
                {found.file}
              </Link>
            ),
          ],
          [t.owner, found.owner ?? "—"],
          [t.age, list.days(found.days)],
          [t.opened, <Time key="opened" at={found.opened_at} />],
          [t.closed, found.closed_at && <Time key="closed" at={found.closed_at} />],
          [t.openedBy, run(found.opened_by)],
          [t.seenBy, run(found.seen_by)],
          [t.closedBy, found.closed_by && run(found.closed_by)],
        ]}
      />
    </Card>
  );
}

/** What runs found and what people did, the latest first. */
export function HistoryCard({ found }: { found: BreakRecord }) {
  const t = useTexts(BREAK);
  const { language, locale } = useLanguage();
  const seen = found.states.map((state) => ({
    key: `run-${state.run_id}`,
    at: state.cut_off,
    title: `${t.found}: ${CLASSES[language][state.break_class]}${state.amount_minor !== null && state.currency ? ` · ${formatAmount(state.amount_minor, state.currency, locale)}` : ""}`,
    who: state.run_id,
    words: [] as readonly (string | null)[],
  }));
  const done = found.actions.map((action, index) => ({
    key: `action-${index}`,
    at: action.acted_at,
    title: DONE[language][action.action],
    who: action.by,
    words: [action.action === "assign" ? action.owner : null, action.reference, action.other_break === null ? null : `${t.id} ${action.other_break}`, action.reason],
  }));
  const all = [...seen, ...done].toSorted((one, other) => Date.parse(other.at) - Date.parse(one.at));
  return (
    <Card title={t.history}>
      <ol className="timeline">
        {all.map((event) => (
          <li key={event.key}>
            <div className="strong">{event.title}</div>
            <div className="quiet small">
              <Time at={event.at} precision="second" /> · {event.who}
            </div>
            {event.words.map((word) => word && <div className="small" key={word}>{word}</div>)}
          </li>
        ))}
      </ol>
    </Card>
  );
}

const SHOWN_MAX = 20;

/** What was booked for the break; `reverse` takes one back, where the person may. */
export function AdjustmentsCard({ found, reverse }: { found: BreakRecord; reverse: ((adjustment: Adjustment) => void) | null }) {
  const t = useTexts(BREAK);
  const { language, locale } = useLanguage();
  const api = useApi();
  const query = useQuery({
    queryKey: ["adjustments", found.id, found.status],
    queryFn: ({ signal }) =>
      answerOf(api.GET("/staff/v1/adjustments", { params: { query: { mode: found.mode, break: Number(found.id), limit: SHOWN_MAX } }, signal })),
  });
  if (query.data?.data.length === 0) return null;
  return (
    <Card title={t.adjustments}>
      <Loaded query={query}>
        {({ data }) => (
          <ul className="lines">
            {data.map((one) => (
              <li key={one.id}>
                <span>
                  {DONE[language][one.kind === "write_off" ? "write_off" : "adjust"]} · {formatAmount(one.gross_minor + one.fee_minor, one.currency, locale)}
                </span>
                <span className="quiet small">
                  {one.by} · <Time at={one.decided_at} /> · {one.reason}
                </span>
                {one.reversed_by && <span className="quiet small">{t.reversedBy(one.reversed_by)} · {one.reversed_for}</span>}
                {reverse && one.reversed_by === null && (
                  <span>
                    <button type="button" className="button" onClick={() => reverse(one)}>
                      {ACTS[language].reverse}
                    </button>
                  </span>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}
