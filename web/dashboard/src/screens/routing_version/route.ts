import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const routingVersionRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "routing/$version",
  staticData: { permission: "routes.read" },
  component: lazyRouteComponent(() => import("./routing_version_screen"), "RoutingVersionScreen"),
});
