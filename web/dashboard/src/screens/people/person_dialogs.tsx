// What an admin does about people. Adding and roles are proposals: a second admin approves them.

import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { Member } from "../../api/types";
import { useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { Field } from "../../parts/field";
import { useToast } from "../../parts/toasts";
import { PEOPLE } from "./texts";

const NAME_CHARACTERS_MAX = 200;

const rolesIn = (written: string): string[] => written.split(/[\s,]+/).filter(Boolean);

function RolesField({ written, write }: { written: string; write: (written: string) => void }) {
  const t = useTexts(PEOPLE);
  return (
    <Field label={t.roles} hint={t.rolesHint} flaw={rolesIn(written).length > 0 ? null : t.rolesFlaw}>
      {(ids) => <input className="input" autoComplete="off" {...ids} value={written} onChange={(event) => write(event.target.value)} />}
    </Field>
  );
}

export function ProposeDialog({ close }: { close: () => void }) {
  const t = useTexts(PEOPLE);
  const api = useApi();
  const toast = useToast();
  const [username, setUsername] = useState("");
  const [name, setName] = useState("");
  const [roles, setRoles] = useState("viewer");
  const who = username.trim();
  const given = rolesIn(roles);
  return (
    <ActDialog
      title={t.propose}
      button={t.propose}
      preview={who && given.length > 0 ? t.proposePreview(who, given.join(", ")) : "…"}
      values={who && given.length > 0 ? { username: who, name: name.trim(), roles: given } : null}
      ask={(body, key) => answerOf(api.POST("/staff/v1/people", { params: { header: { "Idempotency-Key": key } }, body }))}
      done={() => toast(t.proposed)}
      close={close}
    >
      <Field label={t.username} hint={t.usernameHint} flaw={who ? null : t.usernameFlaw}>
        {(ids) => <input className="input" maxLength={NAME_CHARACTERS_MAX} autoComplete="off" {...ids} value={username} onChange={(event) => setUsername(event.target.value)} />}
      </Field>
      <Field label={t.name} hint={t.nameHint}>
        {(ids) => <input className="input" maxLength={NAME_CHARACTERS_MAX} autoComplete="off" {...ids} value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <RolesField written={roles} write={setRoles} />
    </ActDialog>
  );
}

interface MemberDialogProps {
  readonly member: Member;
  readonly close: () => void;
}

export function RolesDialog({ member, close }: MemberDialogProps) {
  const t = useTexts(PEOPLE);
  const api = useApi();
  const toast = useToast();
  const [roles, setRoles] = useState(member.roles.join(" "));
  const given = rolesIn(roles);
  return (
    <ActDialog
      title={`${t.changeRoles}: ${member.username}`}
      button={t.changeRoles}
      preview={given.length > 0 ? t.changeRolesPreview(member.username, member.roles.join(", ") || "—", given.join(", ")) : "…"}
      values={given.length > 0 ? { roles: given } : null}
      ask={(body, key) => answerOf(api.POST("/staff/v1/people/{subject}/roles", { params: { path: { subject: member.subject }, header: { "Idempotency-Key": key } }, body }))}
      done={() => toast(t.proposed)}
      close={close}
    >
      <RolesField written={roles} write={setRoles} />
    </ActDialog>
  );
}

export function DisableDialog({ member, close }: MemberDialogProps) {
  const t = useTexts(PEOPLE);
  const api = useApi();
  const toast = useToast();
  return (
    <ActDialog
      title={`${t.disable}: ${member.username}`}
      button={t.disable}
      isDanger
      preview={t.disablePreview(member.username)}
      values={{}}
      ask={(body, key) => answerOf(api.POST("/staff/v1/people/{subject}/disable", { params: { path: { subject: member.subject }, header: { "Idempotency-Key": key } }, body }))}
      done={() => toast(t.isDisabled)}
      close={close}
    />
  );
}
