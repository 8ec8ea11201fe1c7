// Cards that load by themselves, after the charge: timeline, calls, ledger, checks, notes.

import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import type { Charge, TimelineEvent } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { Copy } from "../../parts/copy";
import { Money } from "../../parts/money";
import { Card } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { REASONS as HELD_REASONS } from "../held_reports/reasons";
import { ACTORS, EVENTS, OPERATIONS } from "./event_names";
import { Fold } from "./fold";
import { usePart } from "./parts";
import { CHARGE } from "./texts";

interface CardProps {
  readonly charge: Charge;
}

export function TimelineCard({ charge }: CardProps) {
  const t = useTexts(CHARGE);
  const api = useApi();
  const query = usePart(charge, "timeline", (path, signal) => answerOf(api.GET("/staff/v1/charges/{charge_id}/timeline", { params: { path }, signal })));
  return (
    <Card title={t.timeline}>
      <Loaded query={query}>
        {({ data }) => (
          <ol className="timeline">
            {data.toReversed().map((event) => (
              <Event key={event.id} event={event} charge={charge} />
            ))}
          </ol>
        )}
      </Loaded>
    </Card>
  );
}

function Event({ event, charge }: { event: TimelineEvent; charge: Charge }) {
  const t = useTexts(CHARGE);
  const { language, locale } = useLanguage();
  const { amount_minor: amount, currency, message } = event.data as Readonly<Record<string, unknown>>;
  const reason = event.type === "charge.report_held" && event.reason !== null ? ((HELD_REASONS[language] as Readonly<Record<string, string>>)[event.reason] ?? event.reason) : event.reason;
  const who = [ACTORS[language][event.actor.kind], event.actor.name].filter(Boolean).join(" · ");
  return (
    <li>
      <div className="strong">
        {event.type ? EVENTS[language][event.type] : event.unreadable}
        {typeof amount === "number" && ` · ${formatAmount(amount, typeof currency === "string" ? currency : charge.currency, locale)}`}
      </div>
      <div className="quiet small">
        <Time at={event.at} precision="second" /> · {who}
        {event.approved_by && ` · ${t.approvedBy(event.approved_by)}`}
      </div>
      {typeof message === "string" && <div className="small">{message}</div>}
      {reason && <div className="small">{reason}</div>}
    </li>
  );
}

export function CallsCard({ charge }: CardProps) {
  const t = useTexts(CHARGE);
  return (
    <Fold title={t.calls}>
      <Calls charge={charge} />
    </Fold>
  );
}

function Calls({ charge }: CardProps) {
  const t = useTexts(CHARGE);
  const { language, locale } = useLanguage();
  const api = useApi();
  const query = usePart(charge, "psp_calls", (path, signal) => answerOf(api.GET("/staff/v1/charges/{charge_id}/psp_calls", { params: { path }, signal })));
  return (
    <Loaded query={query}>
      {({ data }) =>
        data.length === 0 ? (
          <p className="quiet">{t.noCalls}</p>
        ) : (
          <ul className="lines">
            {data.map((call) => (
              <li key={call.key}>
                <span>
                  <span className="strong">{OPERATIONS[language][call.kind]}</span>
                  {call.amount_minor !== null && ` ${formatAmount(call.amount_minor, charge.currency, locale)}`} · {call.psp} {call.psp_account}{" "}
                  {call.is_unknown && <Status tone="warn">{t.unknown}</Status>}
                </span>
                <span className="small">
                  {call.outcome && call.outcome_at ? (
                    <>
                      {EVENTS[language][call.outcome]} · <Time at={call.outcome_at} precision="second" />
                    </>
                  ) : (
                    t.noOutcome
                  )}
                </span>
                <span className="quiet small">
                  {t.asked} <Time at={call.requested_at} precision="second" /> · {t.key} <Copy text={call.key} />
                </span>
                {call.psp_request_ids.length > 0 && (
                  <span className="quiet small">
                    {t.requests}{" "}
                    {call.psp_request_ids.map((id, place) => (
                      <span key={`${place} ${id}`}>
                        <Copy text={id} />{" "}
                      </span>
                    ))}
                  </span>
                )}
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}

export function LedgerCard({ charge }: CardProps) {
  const t = useTexts(CHARGE);
  const may = useMay("books.read", useModeOfPage());
  if (!may) return null;
  return (
    <Fold title={t.ledger}>
      <Entries charge={charge} />
    </Fold>
  );
}

function Entries({ charge }: CardProps) {
  const t = useTexts(CHARGE);
  const api = useApi();
  const mode = useModeOfPage();
  const query = usePart(charge, "ledger_entries", (path, signal) =>
    answerOf(api.GET("/staff/v1/charges/{charge_id}/ledger_entries", { params: { path }, signal })),
  );
  return (
    <Loaded query={query}>
      {({ data }) =>
        data.length === 0 ? (
          <p className="quiet">{t.noEntries}</p>
        ) : (
          data.map((entry) => (
            <table className="table" key={entry.id}>
              <caption>
                <span className="strong">{entry.description}</span>{" "}
                <span className="quiet small">
                  <Link to="/$mode/ledger_entries/$entry" params={{ mode, entry: String(entry.id) }}>
                    #{entry.id}
                  </Link>{" "}
                  · <Time at={entry.effective_at} />
                </span>
              </caption>
              <tbody>
                {entry.postings.map((posting) => (
                  <tr key={`${posting.account}-${posting.side}`}>
                    <td className="code">
                      <Link to="/$mode/ledger_accounts/$account" params={{ mode, account: posting.account }}>
                        {posting.account}
                      </Link>
                    </td>
                    <td className="quiet">{posting.side === "debit" ? t.debit : t.credit}</td>
                    <td className="number">
                      <Money amountMinor={posting.amount_minor} currency={posting.currency} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          ))
        )
      }
    </Loaded>
  );
}

const VERDICT_TONES = { holds: "good", pending: "info", broken: "bad" } as const;

export function ChecksCard({ charge }: CardProps) {
  const t = useTexts(CHARGE);
  const api = useApi();
  const query = usePart(charge, "checks", (path, signal) => answerOf(api.GET("/staff/v1/charges/{charge_id}/checks", { params: { path }, signal })));
  return (
    <Fold
      title={t.checks}
      aside={query.data ? <Status tone={VERDICT_TONES[query.data.verdict]}>{t[query.data.verdict]}</Status> : query.error && <Status tone="bad">{t.unavailable}</Status>}
      isOpenAtFirst={query.data?.verdict === "broken"}
    >
      <Loaded query={query}>
        {({ data }) => (
          <ul className="lines">
            {data.map((check) => (
              <li key={check.name}>
                <span className="small">
                  {check.sentence} {check.verdict !== "holds" && <Status tone={VERDICT_TONES[check.verdict]}>{t[check.verdict]}</Status>}
                </span>
                {check.finding && <span className="small">{check.finding}</span>}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Fold>
  );
}

export function NotesCard({ charge, add }: CardProps & { readonly add: () => void }) {
  const t = useTexts(CHARGE);
  const api = useApi();
  const may = useMay("payments.act", useModeOfPage());
  const query = usePart(charge, "notes", (path, signal) => answerOf(api.GET("/staff/v1/charges/{charge_id}/notes", { params: { path }, signal })));
  const button = may && (
    <button type="button" className="button" data-kind="plain" onClick={add}>
      {t.addNote}
    </button>
  );
  return (
    <Card title={t.notes} aside={button}>
      <Loaded query={query} lines={1}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="quiet">{t.noNotes}</p>
          ) : (
            <ul className="lines">
              {data.map((note) => (
                <li key={note.id}>
                  <span>{note.text}</span>
                  <span className="quiet small">
                    {note.author} · <Time at={note.noted_at} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}
