import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const sealedDayRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "sealed_days/$day",
  staticData: { permission: "books.read" },
  component: lazyRouteComponent(() => import("./sealed_day_screen"), "SealedDayScreen"),
});
