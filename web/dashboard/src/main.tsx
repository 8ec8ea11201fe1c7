// The dashboard's start: language, login, then the screen of the address.

import { QueryClient } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/states.css";
import "./styles/shell.css";
import "./styles/table.css";
import "./styles/dialog.css";
import "./styles/search.css";
import "./styles/charge.css";
import "./styles/rules.css";
import { isWorthRepeating } from "./api/problem";
import { LanguageProvider } from "./language/language";
import { ToastProvider } from "./parts/toasts";
import { router } from "./router";
import { Entry } from "./session/entry";
import { Session } from "./session/session";

const REPEATS_MAX = 2;
const FRESH_MILLISECONDS = 10_000;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => isWorthRepeating(error) && failures < REPEATS_MAX,
      staleTime: FRESH_MILLISECONDS,
      networkMode: "always",
    },
  },
});

createRoot(document.getElementById("root") as HTMLElement).render(
  <LanguageProvider>
    <ToastProvider>
      <Entry>
        {(login) => (
          <Session login={login} queries={queries}>
            <RouterProvider router={router} />
          </Session>
        )}
      </Entry>
    </ToastProvider>
  </LanguageProvider>,
);
