import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { answerOf, useApi } from "../../api/client";
import type { LedgerAccount } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { Toggle } from "../../parts/filter";
import { TextFilter, useSetFilters } from "../../parts/list_filters";
import { PageHead } from "../../parts/page";
import { Failed, Loading, State } from "../../parts/states";
import { PARTS } from "../../parts/texts";
import { useModeOfPage } from "../../session/mode";
import { ledgerAccountsRoute } from "./route";
import { ACCOUNTS, TYPE_NAMES } from "./texts";
import { treeOf, type Branch, type Family, type Sum, type Trunk } from "./tree";

const PAGE_ACCOUNTS = 100;
/** So many are loaded without being asked for. */
const AT_ONCE_MAX = 1_000;
/** A branch with more families is closed at first. */
const OPEN_FAMILIES_MAX = 40;

/** The accounts of the ledger with their balances, as a tree. */
export function LedgerAccountsScreen() {
  const t = useTexts(ACCOUNTS);
  const parts = useTexts(PARTS);
  const api = useApi();
  const mode = useModeOfPage();
  const navigate = useNavigate();
  const filters = ledgerAccountsRoute.useSearch();
  const set = useSetFilters(filters);
  const { entry, ...others } = filters;
  const query = useInfiniteQuery({
    queryKey: ["ledger_accounts", mode, filters],
    queryFn: ({ pageParam, signal }) =>
      answerOf(
        api.GET("/staff/v1/ledger_accounts", {
          params: { query: { mode, limit: PAGE_ACCOUNTS, ...others, ...(entry ? { entry: Number(entry) } : {}), ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const accounts = query.data?.pages.flatMap((page) => page.data) ?? [];
  const { hasNextPage, isFetchingNextPage, isError, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isError && accounts.length < AT_ONCE_MAX) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isError, accounts.length, fetchNextPage]);
  return (
    <>
      <PageHead title={t.title} lead={<p className="quiet small">{t.own}</p>} />
      <div className="chips" role="group">
        <TextFilter name={t.prefix} hint={t.prefixHint} value={filters.prefix} set={(value) => set({ prefix: value })} />
        <TextFilter name={t.currency} hint={t.currencyHint} value={filters.currency} set={(value) => set({ currency: value.toLowerCase() })} />
        {entry && <Toggle name={t.entry(entry)} isOn set={() => set({ entry: "" })} />}
      </div>
      {query.data === undefined ? (
        query.error ? <Failed error={query.error} again={() => void query.refetch()} /> : <Loading lines={8} />
      ) : accounts.length === 0 ? (
        Object.keys(filters).length > 0 ? (
          <State
            title={t.nothing}
            actions={
              <button type="button" className="button" onClick={() => void navigate({ to: ".", search: {} as never })}>
                {t.clearAll}
              </button>
            }
          >
            <p>{t.nothingWhy}</p>
          </State>
        ) : (
          <State title={t.none}>
            <p>{t.noneWhy}</p>
          </State>
        )
      ) : (
        <>
          {treeOf(accounts).map((trunk) => (
            <TrunkCard key={trunk.type} trunk={trunk} />
          ))}
          <div className="rows-end" role="status">
            {isFetchingNextPage ? (
              parts.loading
            ) : isError || hasNextPage ? (
              <>
                {isError ? parts.failed : t.partial(accounts.length)}
                <button type="button" className="button" onClick={() => void fetchNextPage()}>
                  {isError ? parts.tryAgain : parts.more}
                </button>
              </>
            ) : (
              t.count(accounts.length)
            )}
          </div>
        </>
      )}
    </>
  );
}

/** All accounts of a type. */
function TrunkCard({ trunk }: { trunk: Trunk }) {
  const { language } = useLanguage();
  const name = TYPE_NAMES[language][trunk.type];
  return (
    <section className="card" aria-label={name}>
      <header>
        <h2>{name}</h2>
        <Sums of={trunk.sums} />
      </header>
      <div className="body">
        {trunk.branches.map((branch) => (
          <BranchPart key={branch.name} branch={branch} />
        ))}
      </div>
    </section>
  );
}

function BranchPart({ branch }: { branch: Branch }) {
  const t = useTexts(ACCOUNTS);
  return (
    <details className="branch" open={branch.families.length <= OPEN_FAMILIES_MAX}>
      <summary>
        <span className="code strong">{branch.name}</span>
        <Sums of={branch.sums} />
      </summary>
      <div className="scroll" tabIndex={0} role="group" aria-label={branch.name}>
        <table className="table">
          <thead className="unseen">
            <tr>
              <th>{t.account}</th>
              <th>{t.balances}</th>
            </tr>
          </thead>
          <tbody>
            {branch.families.map((family) => (
              <FamilyRow key={family.name} family={family} />
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function FamilyRow({ family }: { family: Family }) {
  return (
    <tr>
      <td>
        <span className="code">{family.name}</span>
        <div className="quiet small">{family.meaning}</div>
      </td>
      <td className="number">
        {family.accounts.map((account) => (
          <div key={account.id}>
            <BalanceLink account={account} />
          </div>
        ))}
      </td>
    </tr>
  );
}

function BalanceLink({ account }: { account: LedgerAccount }) {
  const { locale } = useLanguage();
  const mode = useModeOfPage();
  return (
    <Link to="/$mode/ledger_accounts/$account" params={{ mode, account: account.id }} className="nowrap" title={account.id}>
      {formatAmount(account.balance_minor, account.currency, locale)}
    </Link>
  );
}

function Sums({ of }: { of: readonly Sum[] }) {
  const { locale } = useLanguage();
  return (
    <span className="small quiet sums">
      {of.map((sum) => (
        <span className="nowrap" key={sum.currency}>
          {formatAmount(sum.amountMinor, sum.currency, locale)}
        </span>
      ))}
    </span>
  );
}
