import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import { useLanguage, useTexts } from "../../language/language";
import { Card, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { SearchCard } from "./search_card";
import { LIST_KINDS, RISK_LISTS } from "./texts";

const CreateDialog = lazy(() => import("./create_dialog").then(({ CreateDialog }) => ({ default: CreateDialog })));

const COUNTED_MAX = 1_000;

/** The lists that risk rules may ask for. */
export function RiskListsScreen() {
  const t = useTexts(RISK_LISTS);
  const { language, locale } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const mayInTest = useMay("rules.manage", "test");
  const mayInLive = useMay("rules.manage", "live");
  const [isCreating, setIsCreating] = useState(false);
  const query = useQuery({
    queryKey: ["risk_lists"],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/risk_lists", { signal })),
  });
  return (
    <>
      <PageHead title={t.title}>
        {mayInTest && mayInLive && (
          <button type="button" className="button" data-kind="primary" onClick={() => setIsCreating(true)}>
            {t.create}
          </button>
        )}
      </PageHead>
      <div className="column">
        <SearchCard />
        <Card title={t.title}>
          <Loaded query={query} lines={3}>
            {({ data }) =>
              data.length === 0 ? (
                <p className="quiet">{t.none}</p>
              ) : (
                <div className="scroll" tabIndex={0} role="group" aria-label={t.title}>
                  <table className="table">
                    <thead>
                      <tr>
                        <th>{t.name}</th>
                        <th>{t.kind}</th>
                        <th className="number">{t.entries}</th>
                        <th>{t.created}</th>
                        <th>{t.reason}</th>
                      </tr>
                    </thead>
                    <tbody>
                      {data.map((list) => (
                        <tr key={list.name}>
                          <td>
                            <Link to="/$mode/risk_lists/$name" params={{ mode, name: list.name }}>
                              {list.name}
                            </Link>
                          </td>
                          <td>{LIST_KINDS[language][list.kind]}</td>
                          <td className="number">{list.entries >= COUNTED_MAX ? t.many : list.entries.toLocaleString(locale)}</td>
                          <td>
                            <Time at={list.created_at} /> · {list.created_by}
                          </td>
                          <td>{list.reason}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              )
            }
          </Loaded>
        </Card>
      </div>
      {isCreating && (
        <Suspense>
          <CreateDialog close={() => setIsCreating(false)} />
        </Suspense>
      )}
    </>
  );
}
