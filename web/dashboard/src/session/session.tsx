// From an open window to a person who is logged in: everything inside has a token, a client and a person.

import { QueryClientProvider, useQuery, type QueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import { answerOf, ApiContext, createApi, useApi } from "../api/client";
import { ApiProblem, LoginEnded } from "../api/problem";
import { useTexts } from "../language/language";
import { PARTS } from "../parts/texts";
import { SHELL } from "../shell/texts";
import { Gate } from "./gate";
import { EndedContext, LoginEndedBar } from "./ended";
import type { Login } from "./login";
import { MeContext } from "./permission";

const LogOutContext = createContext<() => void>(() => {});
export const useLogOut = (): (() => void) => use(LogOutContext);

export function Session({ login, queries, children }: { login: Login; queries: QueryClient; children: ReactNode }) {
  const [hasEnded, setHasEnded] = useState(false);
  const api = useMemo(() => createApi(login), [login]);
  useEffect(() => login.onChange(setHasEnded), [login]);
  const logInAgain = useMemo(() => (hasEnded ? () => void login.begin(location.pathname + location.search) : null), [login, hasEnded]);
  const logOut = () => {
    queries.clear();
    void login.end();
  };
  return (
    <QueryClientProvider client={queries}>
      <ApiContext value={api}>
        <LogOutContext value={logOut}>
          <EndedContext value={logInAgain}>
            <Known>{children}</Known>
            <LoginEndedBar />
          </EndedContext>
        </LogOutContext>
      </ApiContext>
    </QueryClientProvider>
  );
}

/** Asks the server who the person is before anything else is shown. */
function Known({ children }: { children: ReactNode }) {
  const t = useTexts(SHELL);
  const parts = useTexts(PARTS);
  const api = useApi();
  const logOut = useLogOut();
  const me = useQuery({ queryKey: ["me"], queryFn: () => answerOf(api.GET("/staff/v1/me")), staleTime: Number.POSITIVE_INFINITY });
  const out = (
    <button type="button" className="button" onClick={logOut}>
      {t.logOut}
    </button>
  );
  if (me.data) return <MeContext value={me.data}>{children}</MeContext>;
  if (me.error instanceof ApiProblem && me.error.code === "permission_missing") {
    return (
      <Gate title={t.noRole} text={t.noRoleWhy}>
        {out}
      </Gate>
    );
  }
  if (!me.error || me.error instanceof LoginEnded) return <Gate title={t.loggingIn} />;
  const again = (
    <button type="button" className="button" data-kind="primary" onClick={() => void me.refetch()}>
      {parts.tryAgain}
    </button>
  );
  return (
    <Gate title={t.unreachable} text={me.error instanceof ApiProblem ? me.error.message : parts.lost}>
      {again}
      {out}
    </Gate>
  );
}
