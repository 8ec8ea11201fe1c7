import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import { ApiProblem } from "../../api/problem";
import type { Member } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Card, PageHead } from "../../parts/page";
import { Loaded, State } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time, useNow } from "../../parts/time";
import { useMay, useMe } from "../../session/permission";
import { PEOPLE, ROLES } from "./texts";

const ProposeDialog = lazy(() => import("./person_dialogs").then(({ ProposeDialog }) => ({ default: ProposeDialog })));
const RolesDialog = lazy(() => import("./person_dialogs").then(({ RolesDialog }) => ({ default: RolesDialog })));
const DisableDialog = lazy(() => import("./person_dialogs").then(({ DisableDialog }) => ({ default: DisableDialog })));

type Open = { readonly act: "propose" } | { readonly act: "roles" | "disable"; readonly member: Member };

/** The people of the built-in issuer, and what an admin does about them. */
export function PeopleScreen() {
  const t = useTexts(PEOPLE);
  const api = useApi();
  const mayInTest = useMay("staff.manage", "test");
  const mayInLive = useMay("staff.manage", "live");
  const mayManage = mayInTest && mayInLive;
  const [open, setOpen] = useState<Open | null>(null);
  const query = useQuery({
    queryKey: ["people"],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/people", { signal })),
  });
  const close = () => setOpen(null);
  if (query.error instanceof ApiProblem && query.error.code === "act_not_possible") {
    return (
      <State title={t.elsewhere} isScreen>
        <p>{t.elsewhereWhy}</p>
      </State>
    );
  }
  return (
    <>
      <PageHead title={t.title}>
        {mayManage && (
          <button type="button" className="button" data-kind="primary" onClick={() => setOpen({ act: "propose" })}>
            {t.propose}
          </button>
        )}
      </PageHead>
      <Card title={t.title}>
        <Loaded query={query} lines={5}>
          {({ data }) => (data.length === 0 ? <p className="quiet">{t.noneWhy}</p> : <People people={data} open={mayManage ? setOpen : null} />)}
        </Loaded>
      </Card>
      <Suspense>
        {open?.act === "propose" && <ProposeDialog close={close} />}
        {open?.act === "roles" && <RolesDialog member={open.member} close={close} />}
        {open?.act === "disable" && <DisableDialog member={open.member} close={close} />}
      </Suspense>
    </>
  );
}

function People({ people, open }: { people: readonly Member[]; open: ((chosen: Open) => void) | null }) {
  const t = useTexts(PEOPLE);
  const { language } = useLanguage();
  const me = useMe();
  const shown = (role: string) => (Object.hasOwn(ROLES[language], role) ? ROLES[language][role as keyof (typeof ROLES)["en"]] : role);
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={t.title}>
      <table className="table">
        <thead>
          <tr>
            <th>{t.person}</th>
            <th>{t.roles}</th>
            <th>{t.state}</th>
            <th>{t.added}</th>
          </tr>
        </thead>
        <tbody>
          {people.map((member) => (
            <tr key={member.subject}>
              <td>
                <span className="strong">{member.name}</span>
                <br />
                <span className="quiet small">{member.username}</span>
              </td>
              <td>{member.roles.map(shown).join(", ")}</td>
              <td>
                <MemberState member={member} />
              </td>
              <td>
                <Time at={member.added_at} precision="day" />
                {open && member.disabled_at === null && (
                  <span className="buttons">
                    <button type="button" className="button" aria-label={`${t.changeRoles}: ${member.username}`} onClick={() => open({ act: "roles", member })}>
                      {t.changeRoles}
                    </button>
                    {member.subject !== me.subject && (
                      <button type="button" className="button" aria-label={`${t.disable}: ${member.username}`} onClick={() => open({ act: "disable", member })}>
                        {t.disable}
                      </button>
                    )}
                  </span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function MemberState({ member }: { member: Member }) {
  const t = useTexts(PEOPLE);
  useNow();
  if (member.disabled_at !== null) return <Status tone="bad">{t.disabled}</Status>;
  if (member.one_time_until === null) return <Status tone="good">{t.active}</Status>;
  // By the time itself: by its last step, a person who was just added would have a password.
  return <Status tone="warn">{Date.parse(member.one_time_until) > Date.now() ? t.oneTime : t.noPassword}</Status>;
}
