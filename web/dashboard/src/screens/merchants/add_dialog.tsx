import { useState } from "react";
import { useNavigate } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { Field } from "../../parts/field";
import { useToast } from "../../parts/toasts";
import { useModeOfPage } from "../../session/mode";
import { MERCHANTS } from "./texts";

const NAME_CHARACTERS_MAX = 200;

export function AddDialog({ close }: { close: () => void }) {
  const t = useTexts(MERCHANTS);
  const api = useApi();
  const toast = useToast();
  const mode = useModeOfPage();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const written = name.trim();
  return (
    <ActDialog
      title={t.add}
      button={t.add}
      preview={written ? t.addPreview(written) : "…"}
      values={written ? { name: written } : null}
      ask={(body, key) => answerOf(api.POST("/staff/v1/merchants", { params: { header: { "Idempotency-Key": key } }, body }))}
      done={(merchant) => {
        toast(t.added);
        void navigate({ to: "/$mode/merchants/$merchantId", params: { mode, merchantId: merchant.id } });
      }}
      close={close}
    >
      <Field label={t.name} flaw={written ? null : t.nameFlaw}>
        {(ids) => <input className="input" maxLength={NAME_CHARACTERS_MAX} autoComplete="off" {...ids} value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
    </ActDialog>
  );
}
