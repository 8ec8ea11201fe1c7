import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";

const FORMS = { history: /^true$/ };

export const riskListRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "risk_lists/$name",
  staticData: { permission: "rules.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./risk_list_screen"), "RiskListScreen"),
});
