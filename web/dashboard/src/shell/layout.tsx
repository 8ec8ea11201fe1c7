// The frame of every screen: what mode it is, where one can go, who is logged in.

import { Link, Outlet, useMatches, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTexts } from "../language/language";
import { Mark } from "../parts/mark";
import { Loading, NotPermitted } from "../parts/states";
import { useModeOfPage } from "../session/mode";
import { may, modesOf, useMe, type Permission } from "../session/permission";
import { AccountMenu } from "./account_menu";
import { useKeys } from "./keys";
import { SECTIONS } from "./navigation";
import { SearchBox } from "../search/search_box";
import { NAVIGATION, SHELL } from "./texts";

const KeyHelp = lazy(() => import("./key_help").then(({ KeyHelp }) => ({ default: KeyHelp })));

export function Layout() {
  const t = useTexts(SHELL);
  const mode = useModeOfPage();
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  const [isNavigationOpen, setIsNavigationOpen] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => setIsNavigationOpen(false), [path]);
  useKeys({
    "/": () => document.getElementById("search")?.focus(),
    "?": () => setIsHelpOpen(true),
    // A key that is taken here closes no filter or menu any more.
    ...(isNavigationOpen ? { Escape: () => setIsNavigationOpen(false) } : {}),
  });
  return (
    <div className="shell" data-mode={mode}>
      <a className="skip" href="#page">
        {t.skip}
      </a>
      {mode === "test" && (
        <aside className="mode-notice" aria-label={t.mode}>
          {t.testNotice}
        </aside>
      )}
      <div className="veil" data-open={isNavigationOpen} onClick={() => setIsNavigationOpen(false)} />
      <Navigation isOpen={isNavigationOpen} />
      <header className="bar">
        <button
          type="button"
          className="button only-narrow"
          data-kind="plain"
          aria-expanded={isNavigationOpen}
          aria-controls="navigation"
          aria-label={isNavigationOpen ? t.closeNavigation : t.openNavigation}
          onClick={() => setIsNavigationOpen(!isNavigationOpen)}
        >
          ☰
        </button>
        <SearchBox mode={mode} />
        <div className="end">
          <Modes />
          <AccountMenu help={() => setIsHelpOpen(true)} />
        </div>
      </header>
      <main className="page" id="page">
        <Suspense fallback={<Loading lines={8} />}>
          <Permitted />
        </Suspense>
      </main>
      {isHelpOpen && (
        <Suspense>
          <KeyHelp close={() => setIsHelpOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** The screen, if the person has the permission that its route names. */
function Permitted() {
  const me = useMe();
  const mode = useModeOfPage();
  const missing = useMatches({
    select: (matches) =>
      matches.map((match) => match.staticData.permission).find((needed): needed is Permission => needed !== undefined && !may(me, needed, mode)),
  });
  return missing ? <NotPermitted permission={missing} /> : <Outlet />;
}

function Navigation({ isOpen }: { isOpen: boolean }) {
  const t = useTexts(SHELL);
  const names = useTexts(NAVIGATION);
  const me = useMe();
  const mode = useModeOfPage();
  return (
    <nav aria-label={t.navigation} className="aside" id="navigation" data-open={isOpen}>
      <Link className="brand" to="/$mode" params={{ mode }}>
        <Mark size={22} />
        FinCore
      </Link>
      <div className="navigation">
        {SECTIONS.map((section) => {
          const entries = section.entries.filter((entry) => may(me, entry.permission, mode));
          if (entries.length === 0) return null;
          return (
            <section key={section.name ?? ""}>
              {section.name && <h2>{names[section.name]}</h2>}
              <ul>
                {entries.map((entry) => (
                  <li key={entry.name}>
                    <Link to={entry.to} params={{ mode }} activeOptions={{ exact: entry.to === "/$mode", includeSearch: false }}>
                      {names[entry.name]}
                    </Link>
                  </li>
                ))}
              </ul>
            </section>
          );
        })}
      </div>
    </nav>
  );
}

/** The switch between test and live. It leads to the same list, and from one object to the list that it is in. */
function Modes() {
  const t = useTexts(SHELL);
  const me = useMe();
  const mode = useModeOfPage();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const to = `/$mode/${path.split("/")[2]}`;
  const list = SECTIONS.flatMap((section) => section.entries).find((entry) => entry.to === to)?.to ?? "/$mode";
  return (
    <nav className="modes" data-mode={mode} aria-label={t.mode}>
      {modesOf(me).map((one) => (
        <Link key={one} to={list} params={{ mode: one }} aria-current={one === mode ? "true" : undefined}>
          {t[one]}
        </Link>
      ))}
    </nav>
  );
}
