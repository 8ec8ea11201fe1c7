import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const daysRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "days",
  staticData: { permission: "books.read" },
  component: lazyRouteComponent(() => import("./days_screen"), "DaysScreen"),
});
