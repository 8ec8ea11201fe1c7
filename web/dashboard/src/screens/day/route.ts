import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const dayRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "days/$day",
  staticData: { permission: "books.read" },
  component: lazyRouteComponent(() => import("./day_screen"), "DayScreen"),
});
