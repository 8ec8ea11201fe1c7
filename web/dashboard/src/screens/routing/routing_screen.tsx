import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import { useTexts } from "../../language/language";
import { Card, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { RULES } from "../../rules/texts";
import { SimulationCard } from "./simulation_card";
import { ROUTING } from "./texts";

const ProposeDialog = lazy(() => import("./propose_dialog").then(({ ProposeDialog }) => ({ default: ProposeDialog })));

/** The versions of the routing rules, and a way to try the live one. */
export function RoutingScreen() {
  const t = useTexts(ROUTING);
  const rules = useTexts(RULES);
  const api = useApi();
  const mode = useModeOfPage();
  const mayInTest = useMay("routes.manage", "test");
  const mayInLive = useMay("routes.manage", "live");
  const [isProposing, setIsProposing] = useState(false);
  const versions = useQuery({
    queryKey: ["routing_rules"],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/routing_rules", { signal })),
  });
  const live = versions.data?.data.find((version) => version.is_live)?.version ?? 0;
  const text = useQuery({
    queryKey: ["routing_rules", live],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/routing_rules/{version}", { params: { path: { version: String(live) } }, signal })),
    enabled: live > 0,
  });
  const isReady = versions.data !== undefined && (live === 0 || text.data !== undefined);
  return (
    <>
      <PageHead title={t.title}>
        {mayInTest && mayInLive && (
          <button type="button" className="button" data-kind="primary" disabled={!isReady} onClick={() => setIsProposing(true)}>
            {t.propose}
          </button>
        )}
      </PageHead>
      <div className="column">
        <Card title={t.versions}>
          <Loaded query={versions} lines={3}>
            {({ data }) =>
              data.length === 0 ? (
                <p className="quiet">{t.none}</p>
              ) : (
                <div className="scroll" tabIndex={0} role="group" aria-label={t.versions}>
                  <table className="table">
                    <thead>
                      <tr>
                        <th>{rules.version}</th>
                        <th>{rules.when}</th>
                        <th>{rules.by}</th>
                        <th>{rules.reason}</th>
                      </tr>
                    </thead>
                    <tbody>
                      {data.map((version) => (
                        <tr key={version.version}>
                          <td className="nowrap">
                            <Link to="/$mode/routing/$version" params={{ mode, version: String(version.version) }}>
                              {version.version}
                            </Link>{" "}
                            <Status tone={version.is_live ? "good" : "plain"}>{version.is_live ? t.live : t.replaced}</Status>
                          </td>
                          <td>
                            <Time at={version.set_at} />
                          </td>
                          <td>{version.set_by}</td>
                          <td>{version.reason}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              )
            }
          </Loaded>
        </Card>
        <SimulationCard />
      </div>
      {isProposing && isReady && (
        <Suspense>
          <ProposeDialog live={{ version: live, text: text.data?.text ?? "" }} close={() => setIsProposing(false)} />
        </Suspense>
      )}
    </>
  );
}
