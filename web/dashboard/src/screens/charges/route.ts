import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";
import { addressFilters } from "./filters";

export const chargesRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "charges",
  staticData: { permission: "payments.read" },
  validateSearch: addressFilters,
  component: lazyRouteComponent(() => import("./charges_screen"), "ChargesScreen"),
});
