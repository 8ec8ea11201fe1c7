import { useQuery } from "@tanstack/react-query";
import { answerOf, useApi } from "../../api/client";
import type { PspAccount } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { Card, Facts, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status, type Tone } from "../../parts/status";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { BREAKERS, PSP_ACCOUNTS } from "./texts";

const REFRESH_MILLISECONDS = 15_000;
const DAY_SECONDS = 86_400;

const TONES: Readonly<Record<NonNullable<PspAccount["breaker"]>, Tone>> = { closed: "good", half_open: "warn", open: "bad" };

/** The accounts of the page's mode: whether charges go there now, and what each can do. */
export function PspAccountsScreen() {
  const t = useTexts(PSP_ACCOUNTS);
  const api = useApi();
  const mode = useModeOfPage();
  const query = useQuery({
    queryKey: ["psp_accounts"],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/psp_accounts", { signal })),
    refetchInterval: REFRESH_MILLISECONDS,
  });
  return (
    <>
      <PageHead title={t.title} />
      <Loaded query={query} lines={6}>
        {({ data }) => {
          const shown = data.filter((account) => account.mode === mode);
          if (shown.length === 0) return <p className="quiet">{t.none}</p>;
          return (
            <div className="column">
              {shown.map((account) => (
                <AccountCard key={`${account.psp}/${account.name}`} account={account} />
              ))}
            </div>
          );
        }}
      </Loaded>
    </>
  );
}

function AccountCard({ account }: { account: PspAccount }) {
  const t = useTexts(PSP_ACCOUNTS);
  const { language } = useLanguage();
  const breaker =
    account.breaker === null ? <Status tone="warn">{t.unknownBreaker}</Status> : <Status tone={TONES[account.breaker]}>{BREAKERS[language][account.breaker]}</Status>;
  return (
    <Card title={`${account.psp}/${account.name}`} aside={account.is_default ? <Status>{t.isDefault}</Status> : undefined}>
      <Facts
        of={[
          [
            t.breaker,
            <span className="chips" key="breaker">
              {breaker}
              {account.breaker_reason && <span className="quiet small">{account.breaker_reason}</span>}
              {account.breaker_since && (
                <span className="quiet small">
                  {t.since} <Time at={account.breaker_since} precision="second" />
                </span>
              )}
            </span>,
          ],
          [t.takes, account.payment_methods.join(", ")],
          [t.holds, account.holds.join(", ")],
          [t.holdFor, account.holds.length > 0 ? t.days(Math.floor(account.hold_seconds / DAY_SECONDS)) : null],
          [t.challenges, account.challenges.join(", ")],
        ]}
      />
      <Currencies account={account} />
    </Card>
  );
}

function Currencies({ account }: { account: PspAccount }) {
  const t = useTexts(PSP_ACCOUNTS);
  const { locale } = useLanguage();
  const label = `${t.currencies} ${account.psp}/${account.name}`;
  return (
    <details>
      <summary>{t.more(account.currencies.length)}</summary>
      <div className="scroll" tabIndex={0} role="group" aria-label={label}>
        <table className="table">
          <thead>
            <tr>
              <th>{t.currency}</th>
              <th className="number">{t.least}</th>
              <th className="number">{t.most}</th>
              <th className="number">{t.steps}</th>
            </tr>
          </thead>
          <tbody>
            {account.currencies.map((bounds) => {
              const money = (minor: number) => formatAmount(minor, bounds.currency, locale);
              return (
                <tr key={bounds.currency}>
                  <td>{bounds.currency.toUpperCase()}</td>
                  <td className="number nowrap">{money(bounds.min_minor)}</td>
                  <td className="number nowrap">{money(bounds.max_minor)}</td>
                  <td className="number nowrap">{money(bounds.step_minor)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </details>
  );
}
