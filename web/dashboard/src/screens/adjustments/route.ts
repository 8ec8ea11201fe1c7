import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const adjustmentsRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "adjustments",
  staticData: { permission: "books.read" },
  component: lazyRouteComponent(() => import("./adjustments_screen"), "AdjustmentsScreen"),
});
