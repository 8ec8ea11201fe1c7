// Creating a key, showing it this once, and revoking it.

import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { ApiKey } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { Copy } from "../../parts/copy";
import { Dialog } from "../../parts/dialog";
import { Choice, Field } from "../../parts/field";
import { useToast } from "../../parts/toasts";
import { useModeOfPage } from "../../session/mode";
import { KEY_KINDS, MERCHANT } from "./texts";

const NAME_CHARACTERS_MAX = 200;

interface AddKeyDialogProps {
  readonly merchantId: string;
  readonly show: (shown: ShownSecret) => void;
  readonly close: () => void;
}

/** A key as it is shown once; null where it was shown before. */
export interface ShownSecret {
  readonly secret: string | null;
  readonly isWaiting: boolean;
}

export function AddKeyDialog({ merchantId, show, close }: AddKeyDialogProps) {
  const t = useTexts(MERCHANT);
  const { language } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const [kind, setKind] = useState<ApiKey["kind"]>("secret");
  const [name, setName] = useState("");
  return (
    <ActDialog
      title={t.addKey}
      button={t.addKey}
      preview={mode === "live" ? t.addLiveKeyPreview : t.addKeyPreview}
      values={{ kind, mode, name: name.trim() }}
      ask={(body, key) =>
        answerOf(api.POST("/staff/v1/merchants/{merchant_id}/keys", { params: { path: { merchant_id: merchantId }, header: { "Idempotency-Key": key } }, body }))
      }
      done={(answer) => show({ secret: answer.secret, isWaiting: "proposal" in answer })}
      close={close}
    >
      <Choice
        label={t.kind}
        value={kind}
        options={Object.entries(KEY_KINDS[language]).map(([value, shown]) => ({ value, name: shown }))}
        choose={(value) => setKind(value === "publishable" ? "publishable" : "secret")}
      />
      <Field label={t.name} hint={t.nameHint}>
        {(ids) => <input className="input" maxLength={NAME_CHARACTERS_MAX} autoComplete="off" {...ids} value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
    </ActDialog>
  );
}

/** The whole key, in this dialog alone. */
export function SecretDialog({ secret, isWaiting, close }: ShownSecret & { readonly close: () => void }) {
  const t = useTexts(MERCHANT);
  return (
    <Dialog title={t.secretTitle} close={close}>
      {secret === null ? (
        <p>{t.secretGone}</p>
      ) : (
        <>
          <p>{t.secretWhy}</p>
          <p>
            <Copy text={secret} />
          </p>
          {isWaiting && <p>{t.secretWaits}</p>}
        </>
      )}
      <div className="buttons">
        <button type="button" className="button" data-kind="primary" onClick={close}>
          {t.secretDone}
        </button>
      </div>
    </Dialog>
  );
}

export function RevokeDialog({ merchantId, apiKey, close }: { readonly merchantId: string; readonly apiKey: ApiKey; readonly close: () => void }) {
  const t = useTexts(MERCHANT);
  const api = useApi();
  const toast = useToast();
  const shown = `${apiKey.prefix}…${apiKey.last4}`;
  return (
    <ActDialog
      title={t.revoke}
      subject={apiKey.id}
      button={`${t.revoke}: ${shown}`}
      isDanger
      preview={t.revokePreview(shown)}
      values={{}}
      ask={(body, key) =>
        answerOf(
          api.POST("/staff/v1/merchants/{merchant_id}/keys/{key_id}/revoke", {
            params: { path: { merchant_id: merchantId, key_id: apiKey.id }, header: { "Idempotency-Key": key } },
            body,
          }),
        )
      }
      done={() => toast(t.keyRevoked)}
      close={close}
    />
  );
}
