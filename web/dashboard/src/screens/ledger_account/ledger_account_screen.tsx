import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { Posting, Statement } from "../../api/types";
import { ExportButton } from "../../exports/export_button";
import { useLanguage, useTexts } from "../../language/language";
import { useSetFilters } from "../../parts/list_filters";
import { Money } from "../../parts/money";
import { Card, Facts, PageHead } from "../../parts/page";
import { PeriodFilter } from "../../parts/period_filter";
import { Rows, type Column } from "../../parts/rows";
import { Loaded, State } from "../../parts/states";
import { PARTS } from "../../parts/texts";
import { SubjectLink } from "../../parts/subject_link";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { beginOf } from "../../time/days";
import { formatTime } from "../../time/times";
import { TYPE_NAMES } from "../ledger_accounts/texts";
import { ledgerAccountRoute } from "./route";
import { PURPOSES, SIDES, STATEMENT } from "./texts";

/** The statement of an account: what it held at both ends of a time, and what was booked between. */
export function LedgerAccountScreen() {
  const t = useTexts(STATEMENT);
  const parts = useTexts(PARTS);
  const { locale } = useLanguage();
  const day = (written: string) => formatTime(beginOf(written, 0), locale, "day");
  const { account } = ledgerAccountRoute.useParams();
  const filters = ledgerAccountRoute.useSearch();
  const set = useSetFilters(filters);
  const api = useApi();
  const mode = useModeOfPage();
  const booked = {
    ...(filters.from ? { from: beginOf(filters.from, 0) } : {}),
    ...(filters.until ? { before: beginOf(filters.until, 1) } : {}),
  };
  const query = useQuery({
    queryKey: ["statement", mode, account, filters],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/ledger_accounts/{account}", { params: { path: { account }, query: { mode, ...booked } }, signal })),
  });
  return (
    <>
      <PageHead title={account} lead={query.data && <p className="quiet">{query.data.account.meaning}</p>}>
        {query.data && (
          <ExportButton
            name="statement"
            filters={[
              [t.account, account],
              ...(filters.from ? [[`${t.booked}, ${parts.from}`, day(filters.from)] as const] : []),
              ...(filters.until ? [[`${t.booked}, ${parts.until}`, day(filters.until)] as const] : []),
            ]}
            ask={(one, given, sent) =>
              one.POST("/staff/v1/exports/statement", {
                ...sent,
                body: { ...given, mode, account, ...(booked.from ? { booked_from: booked.from } : {}), ...(booked.before ? { booked_before: booked.before } : {}) },
              })
            }
          />
        )}
      </PageHead>
      <div className="chips" role="group">
        <PeriodFilter name={t.booked} from={filters.from ?? ""} until={filters.until ?? ""} set={set} />
      </div>
      <Loaded query={query} lines={10}>
        {(statement) => (
          <>
            <BoundsCard statement={statement} />
            <Postings key={account} statement={statement} booked={booked} />
          </>
        )}
      </Loaded>
    </>
  );
}

interface StatementProps {
  readonly statement: Statement;
}

function BoundsCard({ statement }: StatementProps) {
  const t = useTexts(STATEMENT);
  const { language, locale } = useLanguage();
  const { account } = statement;
  const money = (amountMinor: number) => <Money amountMinor={amountMinor} currency={account.currency} />;
  return (
    <Card title={t.facts}>
      <Facts
        of={[
          [t.opening, money(statement.opening_minor)],
          [t.movement, money(statement.closing_minor - statement.opening_minor)],
          [t.closing, <strong key="closing">{money(statement.closing_minor)}</strong>],
          [t.between, statement.postings.toLocaleString(locale)],
          [t.side, `${SIDES[language][account.normal_side]} (${TYPE_NAMES[language][account.type]})`],
        ]}
      />
    </Card>
  );
}

function Postings({ statement, booked }: StatementProps & { readonly booked: { readonly from?: string; readonly before?: string } }) {
  const t = useTexts(STATEMENT);
  const { language } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const account = statement.account.id;
  const created = { ...(booked.from ? { gte: booked.from } : {}), ...(booked.before ? { lt: booked.before } : {}) };
  const query = useList(["postings", mode, account, booked], (part, signal) =>
    answerOf(api.GET("/staff/v1/ledger_accounts/{account}/postings", { params: { path: { account }, query: { ...part, mode, created } }, signal })),
  );
  const amount = (posting: Posting, side: Posting["side"]) => (posting.side === side ? <Money amountMinor={posting.amount_minor} currency={posting.currency} /> : "");
  const columns: readonly Column<Posting>[] = [
    {
      name: t.entry,
      width: "84px",
      cell: (posting) => (
        <Link to="/$mode/ledger_entries/$entry" params={{ mode, entry: String(posting.entry) }}>
          {posting.entry}
        </Link>
      ),
    },
    { name: t.when, width: "142px", isEndWhenNarrow: true, cell: (posting) => <Time at={posting.booked_at} /> },
    { name: t.kind, width: "minmax(0, 1.2fr)", cell: (posting) => `${posting.kind} · ${PURPOSES[language][posting.purpose]}` },
    { name: t.subject, width: "minmax(0, 1fr)", isOnlyWide: true, cell: (posting) => (posting.subject ? <SubjectLink subject={posting.subject} /> : "") },
    { name: t.debit, width: "minmax(146px, 0.6fr)", isNumber: true, isOnlyWide: true, cell: (posting) => amount(posting, "debit") },
    { name: t.credit, width: "minmax(146px, 0.6fr)", isNumber: true, isOnlyWide: true, cell: (posting) => amount(posting, "credit") },
    {
      name: t.balance,
      width: "minmax(146px, 0.7fr)",
      isNumber: true,
      isEndWhenNarrow: true,
      cell: (posting) => (
        <>
          <span className="only-narrow quiet">
            {SIDES[language][posting.side]}&nbsp;{amount(posting, posting.side)}&nbsp;
          </span>{" "}
          <strong>
            <Money amountMinor={posting.balance_minor} currency={posting.currency} />
          </strong>
        </>
      ),
    },
  ];
  return (
    <section className="part" aria-label={t.postings}>
      <h2>{t.postings}</h2>
      <Rows
        label={t.postings}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(posting) => posting.id}
        empty={
          <State title={t.none}>
            <p>{t.noneWhy}</p>
          </State>
        }
      />
    </section>
  );
}
