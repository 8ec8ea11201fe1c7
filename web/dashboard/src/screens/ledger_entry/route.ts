import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const ledgerEntryRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "ledger_entries/$entry",
  staticData: { permission: "books.read" },
  component: lazyRouteComponent(() => import("./ledger_entry_screen"), "LedgerEntryScreen"),
});
