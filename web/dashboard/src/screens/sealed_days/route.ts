import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const sealedDaysRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "sealed_days",
  staticData: { permission: "books.read" },
  component: lazyRouteComponent(() => import("./sealed_days_screen"), "SealedDaysScreen"),
});
