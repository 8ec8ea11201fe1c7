import { useQuery } from "@tanstack/react-query";
import { Link, type LinkProps } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import type { Need } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Card, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { Distance } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { NAVIGATION } from "../../shell/texts";
import { MoneyCard } from "./money_card";
import { AccountsCard, InvariantsCard, RatesCard, SourcesCard, WorkCard } from "./system_cards";
import { HOME, NEEDS } from "./texts";

const REFRESH_MILLISECONDS = 30_000;

/** The list of each need that has one. */
const LISTED: Partial<Readonly<Record<Need["kind"], Pick<LinkProps, "to" | "search">>>> = {
  unknown_outcomes: { to: "/$mode/unknown_outcomes" },
  reviews: { to: "/$mode/reviews" },
  held_reports: { to: "/$mode/held_reports" },
  disputes_due: { to: "/$mode/disputes" },
  dead_letters: { to: "/$mode/dead_letters" },
  parked_streams: { to: "/$mode/dead_letters" },
  breaks: { to: "/$mode/breaks" },
  endpoints_failing: { to: "/$mode/endpoints", search: { condition: "failing" } },
  proposals: { to: "/$mode/proposals" },
};

/** What needs a person today, and the state of the system. */
export function HomeScreen() {
  const t = useTexts(HOME);
  const names = useTexts(NAVIGATION);
  const api = useApi();
  const mode = useModeOfPage();
  const query = useQuery({
    queryKey: ["home", mode],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/home", { params: { query: { mode } }, signal })),
    refetchInterval: REFRESH_MILLISECONDS,
  });
  return (
    <>
      <PageHead title={names.home} />
      <Card title={t.needs}>
        <Loaded query={query} lines={5}>
          {({ needs }) => {
            const shown = needs.filter((need) => need.state === "unavailable" || (need.count ?? 0) > 0);
            if (shown.length === 0) return <p className="quiet">{t.nothing}</p>;
            return (
              <ul className="lines">
                {shown.map((need) => (
                  <NeedLine key={need.kind} need={need} />
                ))}
              </ul>
            );
          }}
        </Loaded>
      </Card>
      {query.data && (
        <div className="column">
          <RatesCard home={query.data} />
          <MoneyCard home={query.data} />
          <div className="tiles">
            <WorkCard home={query.data} />
            <AccountsCard home={query.data} />
            <InvariantsCard home={query.data} />
            <SourcesCard home={query.data} />
          </div>
        </div>
      )}
    </>
  );
}

function NeedLine({ need }: { need: Need }) {
  const t = useTexts(HOME);
  const { language } = useLanguage();
  const mode = useModeOfPage();
  const name = NEEDS[language][need.kind];
  const listed = LISTED[need.kind];
  return (
    <li>
      <span className="chips">
        {listed ? (
          <Link {...listed} params={{ mode }}>
            {name}
          </Link>
        ) : (
          <span className="strong">{name}</span>
        )}
        {need.state === "unavailable" ? (
          <Status tone="bad">{t.unavailable}</Status>
        ) : (
          <Status tone="warn">
            {need.count}
            {need.has_more && "+"}
          </Status>
        )}
        <span className="quiet small">
          {need.due_at ? (
            <>
              {t.due} <Distance at={need.due_at} />
            </>
          ) : (
            need.oldest_at && (
              <>
                {t.oldest} <Distance at={need.oldest_at} />
              </>
            )
          )}
        </span>
      </span>
    </li>
  );
}
