import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import type { LedgerEntry } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { Copy } from "../../parts/copy";
import { Money } from "../../parts/money";
import { Card, Facts, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { SubjectLink } from "../../parts/subject_link";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { PURPOSES } from "../ledger_account/texts";
import { ledgerEntryRoute } from "./route";
import { sidesOf } from "./sides";
import { ENTRY, SOURCES } from "./texts";

/** An entry in full: its legs, what it is of, and the event that it books. */
export function LedgerEntryScreen() {
  const { entry } = ledgerEntryRoute.useParams();
  const api = useApi();
  const mode = useModeOfPage();
  const query = useQuery({
    queryKey: ["ledger_entry", mode, entry],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/ledger_entries/{entry}", { params: { path: { entry }, query: { mode } }, signal })),
  });
  return (
    <Loaded query={query} lines={10} isScreen>
      {(found) => <Found found={found} />}
    </Loaded>
  );
}

interface EntryProps {
  readonly found: LedgerEntry;
}

function Found({ found }: EntryProps) {
  const t = useTexts(ENTRY);
  return (
    <>
      <PageHead title={t.title(found.id)} lead={<p className="quiet">{found.kind}</p>} />
      <div className="split">
        <LegsCard found={found} />
        <div className="column">
          <FactsCard found={found} />
          <EventCard found={found} />
        </div>
      </div>
    </>
  );
}

function LegsCard({ found }: EntryProps) {
  const t = useTexts(ENTRY);
  const { language, locale } = useLanguage();
  const mode = useModeOfPage();
  const sides = sidesOf(found);
  const isEqual = sides.every(({ debitMinor, creditMinor }) => debitMinor === creditMinor);
  return (
    <Card title={t.legs}>
      <div className="scroll" tabIndex={0} role="group" aria-label={t.legs}>
        <table className="table">
          <thead>
            <tr>
              <th>{t.account}</th>
              <th className="number">{t.debit}</th>
              <th className="number">{t.credit}</th>
              <th className="number">{t.balance}</th>
            </tr>
          </thead>
          <tbody>
            {found.postings.map((posting, leg) => {
              const amount = <Money amountMinor={posting.amount_minor} currency={posting.currency} />;
              return (
                // The legs of an entry never change, and one account may have several.
                <tr key={leg}>
                  <td>
                    {posting.balance_minor === null ? (
                      <span className="code">{posting.account}</span>
                    ) : (
                      <Link to="/$mode/ledger_accounts/$account" params={{ mode, account: posting.account }} className="code">
                        {posting.account}
                      </Link>
                    )}
                    <div className="quiet small">{PURPOSES[language][posting.purpose]}</div>
                  </td>
                  <td className="number">{posting.side === "debit" ? amount : ""}</td>
                  <td className="number">{posting.side === "credit" ? amount : ""}</td>
                  <td className="number">
                    {posting.balance_minor === null ? <span className="quiet small">{t.hidden}</span> : <Money amountMinor={posting.balance_minor} currency={posting.currency} />}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {isEqual ? (
        <p className="quiet small">{t.equal(sides.map(({ currency, debitMinor }) => formatAmount(debitMinor, currency, locale)).join(", "))}</p>
      ) : (
        <div className="banner" data-tone="bad" role="alert">
          {t.unequal}
        </div>
      )}
    </Card>
  );
}

function FactsCard({ found }: EntryProps) {
  const t = useTexts(ENTRY);
  const { language } = useLanguage();
  const mode = useModeOfPage();
  return (
    <Card title={t.facts}>
      <Facts
        of={[
          [
            t.subject,
            found.subject && (
              <>
                <SubjectLink subject={found.subject} />
                <br />
                <Link to="/$mode/ledger_entries" params={{ mode }} search={{ subject: found.subject }}>
                  {t.others}
                </Link>
              </>
            ),
          ],
          [t.source, SOURCES[language][found.source]],
          [t.by, found.booked_by],
          [t.reason, found.reason],
          [t.description, found.description],
          [t.effective, <Time key="effective" at={found.effective_at} precision="second" />],
          [t.bookedAt, <Time key="booked" at={found.booked_at} precision="second" />],
          [t.lateFor, found.late_for],
          [
            t.clears,
            found.clears_entry && (
              <Link key="clears" to="/$mode/ledger_entries/$entry" params={{ mode, entry: String(found.clears_entry) }}>
                {found.clears_entry}
              </Link>
            ),
          ],
          [t.seal, found.chain_hash ? <Copy key="seal" text={found.chain_hash} /> : t.notSealed],
        ]}
      />
    </Card>
  );
}

function EventCard({ found }: EntryProps) {
  const t = useTexts(ENTRY);
  const { event } = found;
  if (!event) return null;
  return (
    <Card title={t.event}>
      <Facts
        of={[
          [t.eventType, <span className="code" key="type">{event.type}</span>],
          [t.eventId, <Copy key="id" text={event.id} />],
          [t.recorded, <Time key="recorded" at={event.recorded_at} precision="second" />],
          [t.actor, event.actor],
          [t.correlation, event.correlation && <Copy key="correlation" text={event.correlation} />],
          [t.causation, event.causation && <Copy key="causation" text={event.causation} />],
        ]}
      />
    </Card>
  );
}
