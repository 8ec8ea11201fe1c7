import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const riskRulesRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "risk_rules",
  staticData: { permission: "rules.read" },
  component: lazyRouteComponent(() => import("./risk_rules_screen"), "RiskRulesScreen"),
});
