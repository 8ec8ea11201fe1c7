import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const chargesRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "charges",
  staticData: { permission: "payments.read" },
  component: lazyRouteComponent(() => import("./charges_screen"), "ChargesScreen"),
});
