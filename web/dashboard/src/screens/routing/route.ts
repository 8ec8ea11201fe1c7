import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const routingRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "routing",
  staticData: { permission: "routes.read" },
  component: lazyRouteComponent(() => import("./routing_screen"), "RoutingScreen"),
});
