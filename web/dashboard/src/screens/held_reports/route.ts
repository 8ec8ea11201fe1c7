import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";

const FORMS = { merchant: /^mer_\w{1,64}$/, charge: /^ch_[0-7][0-9a-hjkmnp-tv-z]{25}$/ };

export const heldReportsRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "held_reports",
  staticData: { permission: "payments.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./held_reports_screen"), "HeldReportsScreen"),
});
