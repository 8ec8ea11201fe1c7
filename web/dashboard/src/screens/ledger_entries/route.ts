import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";

const FORMS = { subject: /^[\w:.-]{1,200}$/ };

export const ledgerEntriesRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "ledger_entries",
  staticData: { permission: "books.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./ledger_entries_screen"), "LedgerEntriesScreen"),
});
