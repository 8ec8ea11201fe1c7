import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import { useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { Field } from "../../parts/field";
import { Card } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { useToast } from "../../parts/toasts";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { MERCHANT } from "./texts";

/** From which pages customers may ask with a publishable key of the page's mode. */
export function OriginsCard({ merchantId }: { merchantId: string }) {
  const t = useTexts(MERCHANT);
  const api = useApi();
  const mode = useModeOfPage();
  const mayManage = useMay("merchants.manage", mode);
  const [isAdding, setIsAdding] = useState(false);
  const [removed, remove] = useState<string | null>(null);
  const query = useQuery({
    queryKey: ["merchant_origins", merchantId],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/merchants/{merchant_id}/origins", { params: { path: { merchant_id: merchantId } }, signal })),
  });
  const add = mayManage && (
    <button type="button" className="button" onClick={() => setIsAdding(true)}>
      {t.addOrigin}
    </button>
  );
  return (
    <Card title={t.origins} aside={add}>
      <Loaded query={query} lines={2}>
        {({ data }) => {
          const shown = data.filter((origin) => origin.mode === mode);
          if (shown.length === 0) return <p className="quiet">{t.noOrigins}</p>;
          return (
            <ul className="lines">
              {shown.map(({ origin }) => (
                <li key={origin}>
                  <span className="chips">
                    <span className="code">{origin}</span>
                    {mayManage && (
                      <button type="button" className="button" onClick={() => remove(origin)} aria-label={`${t.removeOrigin} ${origin}`}>
                        {t.removeOrigin}
                      </button>
                    )}
                  </span>
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
      {isAdding && <AddOriginDialog merchantId={merchantId} close={() => setIsAdding(false)} />}
      {removed !== null && <RemoveOriginDialog merchantId={merchantId} origin={removed} close={() => remove(null)} />}
    </Card>
  );
}

interface DialogProps {
  readonly merchantId: string;
  readonly close: () => void;
}

function AddOriginDialog({ merchantId, close }: DialogProps) {
  const t = useTexts(MERCHANT);
  const api = useApi();
  const toast = useToast();
  const mode = useModeOfPage();
  const [origin, setOrigin] = useState("");
  const written = origin.trim();
  const isOrigin = /^https?:\/\/[^\s/]+$/.test(written);
  return (
    <ActDialog
      title={t.addOrigin}
      button={t.addOrigin}
      preview={isOrigin ? t.addOriginPreview(written) : "…"}
      values={isOrigin ? { origin: written, mode } : null}
      ask={(body, key) =>
        answerOf(api.POST("/staff/v1/merchants/{merchant_id}/origins", { params: { path: { merchant_id: merchantId }, header: { "Idempotency-Key": key } }, body }))
      }
      done={() => toast(t.originAdded)}
      close={close}
    >
      <Field label={t.origin} hint={t.originHint} flaw={written && !isOrigin ? t.originFlaw : null}>
        {(ids) => <input className="input" inputMode="url" autoComplete="off" {...ids} value={origin} onChange={(event) => setOrigin(event.target.value)} />}
      </Field>
    </ActDialog>
  );
}

function RemoveOriginDialog({ merchantId, origin, close }: DialogProps & { readonly origin: string }) {
  const t = useTexts(MERCHANT);
  const api = useApi();
  const toast = useToast();
  const mode = useModeOfPage();
  return (
    <ActDialog
      title={`${t.removeOrigin}: ${origin}`}
      button={t.removeOrigin}
      isDanger
      preview={t.removeOriginPreview(origin)}
      values={{ origin, mode }}
      ask={(body, key) =>
        answerOf(
          api.POST("/staff/v1/merchants/{merchant_id}/origins/remove", { params: { path: { merchant_id: merchantId }, header: { "Idempotency-Key": key } }, body }),
        )
      }
      done={() => toast(t.originRemoved)}
      close={close}
    />
  );
}
