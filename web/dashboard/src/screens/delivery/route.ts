import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const deliveryRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "deliveries/$deliveryId",
  staticData: { permission: "deliveries.read" },
  component: lazyRouteComponent(() => import("./delivery_screen"), "DeliveryScreen"),
});
