import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { ApiKey } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Card } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import type { ShownSecret } from "./key_dialogs";
import { KEY_KINDS, MERCHANT } from "./texts";

const AddKeyDialog = lazy(() => import("./key_dialogs").then(({ AddKeyDialog }) => ({ default: AddKeyDialog })));
const SecretDialog = lazy(() => import("./key_dialogs").then(({ SecretDialog }) => ({ default: SecretDialog })));
const RevokeDialog = lazy(() => import("./key_dialogs").then(({ RevokeDialog }) => ({ default: RevokeDialog })));

/** The keys of the page's mode, those that work first. */
export function KeysCard({ merchantId }: { merchantId: string }) {
  const t = useTexts(MERCHANT);
  const api = useApi();
  const mode = useModeOfPage();
  const mayManage = useMay("merchants.manage", mode);
  const [isAdding, setIsAdding] = useState(false);
  const [shown, show] = useState<ShownSecret | null>(null);
  const [revoked, revoke] = useState<ApiKey | null>(null);
  const query = useQuery({
    queryKey: ["merchant_keys", merchantId],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/merchants/{merchant_id}/keys", { params: { path: { merchant_id: merchantId } }, signal })),
  });
  const add = mayManage && (
    <button type="button" className="button" onClick={() => setIsAdding(true)}>
      {t.addKey}
    </button>
  );
  return (
    <Card title={t.keys} aside={add}>
      <Loaded query={query} lines={3}>
        {({ data }) => <Keys keys={data.filter((key) => key.mode === mode)} revoke={mayManage ? revoke : null} />}
      </Loaded>
      <Suspense>
        {isAdding && <AddKeyDialog merchantId={merchantId} show={show} close={() => setIsAdding(false)} />}
        {shown && <SecretDialog {...shown} close={() => show(null)} />}
        {revoked && <RevokeDialog merchantId={merchantId} apiKey={revoked} close={() => revoke(null)} />}
      </Suspense>
    </Card>
  );
}

function Keys({ keys, revoke }: { readonly keys: readonly ApiKey[]; readonly revoke: ((key: ApiKey) => void) | null }) {
  const t = useTexts(MERCHANT);
  const { language } = useLanguage();
  if (keys.length === 0) return <p className="quiet">{t.noKeys}</p>;
  const sorted = keys.toSorted((one, other) => Number(one.revoked_at !== null) - Number(other.revoked_at !== null));
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={t.keys}>
      <table className="table">
        <thead>
          <tr>
            <th>{t.key}</th>
            <th>{t.kind}</th>
            <th>{t.created}</th>
            <th>{t.state}</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((key) => (
            <tr key={key.id}>
              <td>
                <span className="code">
                  {key.prefix}…{key.last4}
                </span>
                {key.name && (
                  <>
                    <br />
                    <span className="quiet small">{key.name}</span>
                  </>
                )}
              </td>
              <td>{KEY_KINDS[language][key.kind]}</td>
              <td>
                <Time at={key.created_at} />
              </td>
              <td>
                <span className="chips">
                  {key.revoked_at === null ? (
                    <Status tone="good">{t.works}</Status>
                  ) : (
                    <Status>
                      {t.revoked} <Time at={key.revoked_at} />
                    </Status>
                  )}
                  {key.revoked_at === null && revoke && (
                    <button type="button" className="button" onClick={() => revoke(key)} aria-label={`${t.revoke} ${key.prefix}…${key.last4}`}>
                      {t.revoke}
                    </button>
                  )}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
