import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import { ApiProblem } from "../../api/problem";
import type { LedgerAccount, TrialBalance } from "../../api/types";
import { ExportButton } from "../../exports/export_button";
import { useLanguage, useTexts } from "../../language/language";
import { Money } from "../../parts/money";
import { Card, PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { Loaded, State } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { TYPE_NAMES } from "../ledger_accounts/texts";
import { MomentFilters } from "./moment_filters";
import { trialBalanceRoute } from "./route";
import { TRIAL } from "./texts";

/** Both sides of the ledger as of a moment, and the accounts that they are the sums of. */
export function TrialBalanceScreen() {
  const t = useTexts(TRIAL);
  const filters = trialBalanceRoute.useSearch();
  const api = useApi();
  const mode = useModeOfPage();
  const { entry, ...others } = filters;
  const query = useQuery({
    queryKey: ["trial_balance", mode, filters],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/trial_balance", { params: { query: { mode, ...others, ...(entry ? { entry: Number(entry) } : {}) } }, signal })),
  });
  return (
    <>
      <PageHead title={t.title}>{query.data && query.data.as_of_entry > 0 && <Exported balance={query.data} currency={filters.currency} />}</PageHead>
      <MomentFilters />
      {query.error instanceof ApiProblem && query.error.code === "ledger_moment_unknown" ? (
        <State title={t.unknown}>
          <p>{t.unknownWhy}</p>
        </State>
      ) : (
        <Loaded query={query} lines={8}>
          {(balance) =>
            balance.as_of_entry === 0 ? (
              <State title={t.empty}>
                <p>{t.emptyWhy}</p>
              </State>
            ) : (
              <>
                <TotalsCard balance={balance} />
                <Accounts key={balance.as_of_entry} balance={balance} currency={filters.currency} />
              </>
            )
          }
        </Loaded>
      )}
    </>
  );
}

interface BalanceProps {
  readonly balance: TrialBalance;
}

/** Exports what is shown, also where more has been booked since. */
function Exported({ balance, currency }: BalanceProps & { readonly currency: string | undefined }) {
  const t = useTexts(TRIAL);
  const mode = useModeOfPage();
  const entry = balance.as_of_entry;
  return (
    <ExportButton
      name="trial_balance"
      hasTimes={false}
      filters={[[t.asOf, String(entry)], ...(currency ? [[t.currency, currency.toUpperCase()] as const] : [])]}
      ask={(api, given, sent) => api.POST("/staff/v1/exports/trial_balance", { ...sent, body: { ...given, mode, entry, ...(currency ? { currency } : {}) } })}
    />
  );
}

function TotalsCard({ balance }: BalanceProps) {
  const t = useTexts(TRIAL);
  const { locale } = useLanguage();
  const mode = useModeOfPage();
  const isBalanced = balance.totals.every((total) => total.is_balanced);
  const asOf = (
    <p className="quiet small">
      {t.asOf}{" "}
      <Link to="/$mode/ledger_entries/$entry" params={{ mode, entry: String(balance.as_of_entry) }}>
        {balance.as_of_entry}
      </Link>
      {balance.booked_at && (
        <>
          , {t.booked} <Time at={balance.booked_at} precision="second" />
        </>
      )}
    </p>
  );
  return (
    <Card title={t.totals} aside={asOf}>
      <div className="scroll" tabIndex={0} role="group" aria-label={t.totals}>
        <table className="table">
          <thead>
            <tr>
              <th>{t.currency}</th>
              <th className="number">{t.accounts}</th>
              <th className="number">{t.debit}</th>
              <th className="number">{t.credit}</th>
              <th className="number">
                {t.debit} – {t.credit}
              </th>
            </tr>
          </thead>
          <tbody>
            {balance.totals.map((total) => (
              <tr key={total.currency}>
                <td>{total.currency.toUpperCase()}</td>
                <td className="number">{total.accounts.toLocaleString(locale)}</td>
                <td className="number strong">
                  <Money amountMinor={total.debit_minor} currency={total.currency} />
                </td>
                <td className="number strong">
                  <Money amountMinor={total.credit_minor} currency={total.currency} />
                </td>
                <td className="number">
                  <Status tone={total.is_balanced ? "good" : "bad"}>{total.is_balanced ? t.balanced : t.unbalanced}</Status>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {isBalanced ? (
        <p>{t.equal}</p>
      ) : (
        <div className="banner" data-tone="bad" role="alert">
          {t.unequal}
        </div>
      )}
      <p className="quiet small">{t.keep}</p>
    </Card>
  );
}

function Accounts({ balance, currency }: BalanceProps & { readonly currency: string | undefined }) {
  const t = useTexts(TRIAL);
  const { language } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const asked = { mode, entry: balance.as_of_entry, ...(currency ? { currency } : {}) };
  const query = useList(["ledger_accounts", "list", asked], (part, signal) =>
    answerOf(api.GET("/staff/v1/ledger_accounts", { params: { query: { ...part, ...asked } }, signal })),
  );
  const amount = (account: LedgerAccount, side: LedgerAccount["normal_side"]) => {
    const onNormalSide = account.normal_side === side;
    const amountMinor = onNormalSide ? account.balance_minor : -account.balance_minor;
    if (amountMinor < 0 || (amountMinor === 0 && !onNormalSide)) return "";
    return (
      <>
        <span className="only-narrow quiet">{t[side]}&nbsp;</span>
        <Money amountMinor={amountMinor} currency={account.currency} />
      </>
    );
  };
  const columns: readonly Column<LedgerAccount>[] = [
    {
      name: t.account,
      width: "minmax(0, 2fr)",
      cell: (account) => (
        <Link to="/$mode/ledger_accounts/$account" params={{ mode, account: account.id }} className="code">
          {account.id}
        </Link>
      ),
    },
    { name: t.type, width: "140px", isOnlyWide: true, cell: (account) => TYPE_NAMES[language][account.type] },
    { name: t.debit, width: "minmax(146px, 0.6fr)", isNumber: true, cell: (account) => amount(account, "debit") },
    { name: t.credit, width: "minmax(146px, 0.6fr)", isNumber: true, isEndWhenNarrow: true, cell: (account) => amount(account, "credit") },
  ];
  return (
    <section className="part" aria-label={t.list}>
      <h2>{t.list}</h2>
      <Rows
        label={t.list}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto auto"
        keyOf={(account) => account.id}
        empty={
          <State title={t.none}>
            <p>{t.noneWhy}</p>
          </State>
        }
      />
    </section>
  );
}
