import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const breakRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "breaks/$breakId",
  staticData: { permission: "books.read" },
  component: lazyRouteComponent(() => import("./break_screen"), "BreakScreen"),
});
