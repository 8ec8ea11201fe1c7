import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const riskVersionRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "risk_rules/$version",
  staticData: { permission: "rules.read" },
  component: lazyRouteComponent(() => import("./risk_version_screen"), "RiskVersionScreen"),
});
