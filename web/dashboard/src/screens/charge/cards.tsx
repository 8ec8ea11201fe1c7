// Cards that load by themselves, after the charge: timeline, calls, ledger, checks, notes.

import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import type { Charge, TimelineEvent } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { Money } from "../../parts/money";
import { Card } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { ACTORS, EVENTS } from "./event_names";
import { CHARGE } from "./texts";

type Part = "timeline" | "psp_calls" | "ledger_entries" | "checks" | "notes";

/** A part of a charge; it is asked for anew where the charge has changed. */
function usePart<T>(charge: Charge, part: Part, ask: (path: { charge_id: string }, signal: AbortSignal) => Promise<T>, enabled = true): UseQueryResult<T, Error> {
  return useQuery({
    queryKey: ["charge", charge.id, part, charge.status, charge.refunds, charge.amount_captured_minor],
    queryFn: ({ signal }) => ask({ charge_id: charge.id }, signal),
    enabled,
  });
}

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
      {event.reason && <div className="small">{event.reason}</div>}
    </li>
  );
}

export function CallsCard({ charge }: CardProps) {
  const t = useTexts(CHARGE);
  const { language } = useLanguage();
  const api = useApi();
  const query = usePart(charge, "psp_calls", (path, signal) => answerOf(api.GET("/staff/v1/charges/{charge_id}/psp_calls", { params: { path }, signal })));
  return (
    <Card title={t.calls}>
      <Loaded query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="quiet">{t.noCalls}</p>
          ) : (
            <ul className="lines">
              {data.map((call) => (
                <li key={call.key}>
                  <span>
                    {call.kind} · {call.psp} {call.psp_account} <span className="code quiet">{call.key}</span>
                  </span>
                  <span className="quiet small">
                    <Time at={call.requested_at} precision="second" /> → {call.outcome ? EVENTS[language][call.outcome] : "…"}
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

export function LedgerCard({ charge }: CardProps) {
  const t = useTexts(CHARGE);
  const api = useApi();
  const mode = useModeOfPage();
  const may = useMay("books.read", mode);
  const query = usePart(
    charge,
    "ledger_entries",
    (path, signal) => answerOf(api.GET("/staff/v1/charges/{charge_id}/ledger_entries", { params: { path }, signal })),
    may,
  );
  if (!may) return null;
  return (
    <Card title={t.ledger}>
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
    </Card>
  );
}

const VERDICT_TONES = { holds: "good", pending: "info", broken: "bad" } as const;

export function ChecksCard({ charge }: CardProps) {
  const t = useTexts(CHARGE);
  const api = useApi();
  const query = usePart(charge, "checks", (path, signal) => answerOf(api.GET("/staff/v1/charges/{charge_id}/checks", { params: { path }, signal })));
  return (
    <Card title={t.checks} aside={query.data && <Status tone={VERDICT_TONES[query.data.verdict]}>{t[query.data.verdict]}</Status>}>
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
    </Card>
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
