import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";

const FORMS = { prefix: /^[\w.:\/-]{1,200}$/, currency: /^[a-z]{3}$/, entry: /^[1-9]\d{0,17}$/ };

export const ledgerAccountsRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "ledger_accounts",
  staticData: { permission: "books.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./ledger_accounts_screen"), "LedgerAccountsScreen"),
});
