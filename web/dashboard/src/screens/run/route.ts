import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const runRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "runs/$runId",
  staticData: { permission: "books.read" },
  component: lazyRouteComponent(() => import("./run_screen"), "RunScreen"),
});
