import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const riskListsRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "risk_lists",
  staticData: { permission: "rules.read" },
  component: lazyRouteComponent(() => import("./risk_lists_screen"), "RiskListsScreen"),
});
