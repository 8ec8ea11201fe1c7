import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { Card } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useMay } from "../../session/permission";
import { formatShare } from "./share";
import { MERCHANT } from "./texts";

const PlanDialog = lazy(() => import("./plan_dialog").then(({ PlanDialog }) => ({ default: PlanDialog })));

/** Every fee plan that the merchant has had; in each currency the latest counts, for new charges. */
export function FeesCard({ merchantId }: { merchantId: string }) {
  const t = useTexts(MERCHANT);
  const { locale } = useLanguage();
  const api = useApi();
  const mayManage = useMay("merchants.manage", "live");
  const [isSetting, setIsSetting] = useState(false);
  const query = useQuery({
    queryKey: ["fee_plans", merchantId],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/merchants/{merchant_id}/fee_plans", { params: { path: { merchant_id: merchantId } }, signal })),
  });
  const set = mayManage && (
    <button type="button" className="button" onClick={() => setIsSetting(true)}>
      {t.setPlan}
    </button>
  );
  return (
    <Card title={t.fees} aside={set}>
      <Loaded query={query} lines={2}>
        {({ data }) => {
          if (data.length === 0) return <p className="quiet">{t.noFees}</p>;
          const last = new Map(data.map((plan) => [plan.currency, plan.plan]));
          return (
            <div className="scroll" tabIndex={0} role="group" aria-label={t.fees}>
              <table className="table">
                <thead>
                  <tr>
                    <th>{t.currency}</th>
                    <th className="number">{t.share}</th>
                    <th className="number">{t.fixed}</th>
                    <th>{t.since}</th>
                    <th>{t.by}</th>
                  </tr>
                </thead>
                <tbody>
                  {data.toReversed().map((plan) => (
                    <tr key={`${plan.currency}-${plan.plan}`}>
                      <td>
                        {plan.currency.toUpperCase()} {last.get(plan.currency) === plan.plan && <Status tone="good">{t.counts}</Status>}
                      </td>
                      <td className="number">{formatShare(plan.basis_points, locale)}</td>
                      <td className="number nowrap">{formatAmount(plan.fixed_minor, plan.currency, locale)}</td>
                      <td>
                        <Time at={plan.set_at} />
                      </td>
                      <td>{plan.set_by}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          );
        }}
      </Loaded>
      {isSetting && (
        <Suspense>
          <PlanDialog merchantId={merchantId} close={() => setIsSetting(false)} />
        </Suspense>
      )}
    </Card>
  );
}
