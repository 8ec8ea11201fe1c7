// Whether files come as they should, for each source.

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import type { SettlementSource } from "../../api/types";
import { useTexts } from "../../language/language";
import { Card } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { SETTLEMENT_FILES } from "./texts";

const HOUR_SECONDS = 3600;

export function SourcesCard() {
  const t = useTexts(SETTLEMENT_FILES);
  const api = useApi();
  const mode = useModeOfPage();
  const query = useQuery({
    queryKey: ["reconciliation_sources", mode],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/reconciliation_sources", { params: { query: { mode } }, signal })),
  });
  return (
    <Card title={t.sources}>
      <Loaded query={query} lines={2}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="quiet">{t.noSources}</p>
          ) : (
            <ul className="lines">
              {data.map((source) => (
                <li key={source.id}>
                  <span className="chips">
                    <Link to="/$mode/settlement_files" params={{ mode }} search={{ source: source.id }}>
                      {source.id}
                    </Link>
                    <SourceState source={source} />
                    <span className="quiet small">{source.account}</span>
                  </span>
                  <span className="quiet small">
                    {t.lastLook}: {source.fetched_at === null ? t.never : <Time at={source.fetched_at} />} · <span className="code">{source.cron}</span> UTC
                  </span>
                  {source.failure && <span className="small">{source.failure}</span>}
                  {source.gaps.map((gap) => (
                    <span className="small" key={gap}>
                      {t.gaps}: {gap}
                    </span>
                  ))}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

function SourceState({ source }: { source: SettlementSource }) {
  const t = useTexts(SETTLEMENT_FILES);
  const isGood = source.overdue_seconds === 0 && source.failures === 0 && source.late_since === null && source.gaps.length === 0;
  if (isGood) return <Status tone={source.fetched_at === null ? "plain" : "good"}>{source.fetched_at === null ? t.never : t.onTime}</Status>;
  return (
    <>
      {source.overdue_seconds > 0 && <Status tone="bad">{t.overdue(Math.floor(source.overdue_seconds / HOUR_SECONDS))}</Status>}
      {source.failures > 0 && <Status tone="warn">{t.failures(source.failures)}</Status>}
      {source.late_since !== null && (
        <Status tone="bad">
          {t.late} (<Time at={source.late_since} />)
        </Status>
      )}
      {source.gaps.length > 0 && <Status tone="bad">{t.gaps}</Status>}
    </>
  );
}
