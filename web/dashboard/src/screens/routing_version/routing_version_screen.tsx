import { useQuery } from "@tanstack/react-query";
import { answerOf, useApi } from "../../api/client";
import { useTexts } from "../../language/language";
import { Card, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { DifferenceCard } from "../../rules/difference_card";
import { RULES } from "../../rules/texts";
import { ROUTING } from "../routing/texts";
import { routingVersionRoute } from "./route";

/** A version of the routing rules: its rules, its text, and how it differs from the one before. */
export function RoutingVersionScreen() {
  const { version } = routingVersionRoute.useParams();
  const t = useTexts(ROUTING);
  const rules = useTexts(RULES);
  const api = useApi();
  const before = Number(version) - 1;
  const query = useQuery({
    queryKey: ["routing_rules", version],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/routing_rules/{version}", { params: { path: { version } }, signal })),
  });
  const difference = useQuery({
    queryKey: ["routing_rules", version, "difference"],
    queryFn: ({ signal }) =>
      answerOf(api.GET("/staff/v1/routing_rules/{version}/difference", { params: { path: { version }, query: { with: before } }, signal })),
    enabled: query.data !== undefined && before > 0,
  });
  return (
    <Loaded query={query} lines={8} isScreen>
      {(found) => (
        <>
          <PageHead
            title={`${t.title}: ${rules.version} ${found.version}`}
            lead={
              <p className="chips">
                <Status tone={found.is_live ? "good" : "plain"}>{found.is_live ? t.live : t.replaced}</Status>
                <span className="quiet">
                  <Time at={found.set_at} /> · {found.set_by} · {found.reason}
                </span>
              </p>
            }
          />
          <div className="column">
            <Card title={t.rules}>
              {found.rules === null ? (
                <p className="quiet">{rules.unreadable}</p>
              ) : (
                <div className="scroll" tabIndex={0} role="group" aria-label={t.rules}>
                  <table className="table">
                    <thead>
                      <tr>
                        <th>{rules.name}</th>
                        <th>{rules.condition}</th>
                        <th>{t.accounts}</th>
                        <th>{rules.only}</th>
                      </tr>
                    </thead>
                    <tbody>
                      {found.rules.map((rule) => (
                        <tr key={rule.name}>
                          <td className="strong">{rule.name}</td>
                          <td className="code">{rule.when}</td>
                          <td>{rule.accounts.map((one) => (one.weight === null ? one.account : `${one.account} (${t.weight(one.weight)})`)).join(", ")}</td>
                          <td>{[rule.mode && rules[rule.mode], ...rule.merchants].filter(Boolean).join(", ") || "—"}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              )}
            </Card>
            {before > 0 && <DifferenceCard query={difference} withVersion={before} />}
            <Card title={t.text}>
              <pre className="code" tabIndex={0} aria-label={t.text}>
                {found.text}
              </pre>
            </Card>
          </div>
        </>
      )}
    </Loaded>
  );
}
