import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const chargeRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "charges/$chargeId",
  staticData: { permission: "payments.read" },
  component: lazyRouteComponent(() => import("./charge_screen"), "ChargeScreen"),
});
