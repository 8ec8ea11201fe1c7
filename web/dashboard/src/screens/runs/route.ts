import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const runsRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "runs",
  staticData: { permission: "books.read" },
  component: lazyRouteComponent(() => import("./runs_screen"), "RunsScreen"),
});
