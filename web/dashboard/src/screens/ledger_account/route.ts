import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";
import { DAY } from "../../time/days";

const FORMS = { from: DAY, until: DAY };

export const ledgerAccountRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "ledger_accounts/$account",
  staticData: { permission: "books.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./ledger_account_screen"), "LedgerAccountScreen"),
});
