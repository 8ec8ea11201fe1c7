import { answerOf, useApi } from "../../api/client";
import type { Proposal } from "../../api/types";
import { useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { useToast } from "../../parts/toasts";
import { PROPOSALS } from "./texts";

export type Decision = "approve" | "decline" | "withdraw" | "give_up";

interface DecisionDialogProps {
  readonly proposal: Proposal;
  readonly decision: Decision;
  readonly name: string;
  readonly close: () => void;
}

export function DecisionDialog({ proposal, decision, name, close }: DecisionDialogProps) {
  const t = useTexts(PROPOSALS);
  const api = useApi();
  const toast = useToast();
  const who = proposal.proposer.username;
  const previews = { approve: `${t.approvePreview(name, who)}${proposal.proposer_may === "unknown" ? ` ${t.proposerUnknown}` : ""}`, decline: t.declinePreview(name, who), withdraw: t.withdrawPreview(name), give_up: t.giveUpPreview(name) };
  return (
    <ActDialog
      title={t[decision]}
      subject={proposal.id}
      button={`${t[decision]}: ${name}`}
      preview={previews[decision]}
      values={{}}
      ask={(body, key) => {
        const params = { path: { proposal_id: proposal.id }, header: { "Idempotency-Key": key } };
        if (decision === "approve") return answerOf(api.POST("/staff/v1/proposals/{proposal_id}/approve", { params, body }));
        if (decision === "decline") return answerOf(api.POST("/staff/v1/proposals/{proposal_id}/decline", { params, body }));
        if (decision === "give_up") return answerOf(api.POST("/staff/v1/proposals/{proposal_id}/give_up", { params, body }));
        return answerOf(api.POST("/staff/v1/proposals/{proposal_id}/withdraw", { params, body }));
      }}
      done={() => toast(t.decided)}
      close={close}
    />
  );
}
