import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const endpointRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "endpoints/$endpointId",
  staticData: { permission: "merchants.read" },
  component: lazyRouteComponent(() => import("./endpoint_screen"), "EndpointScreen"),
});
