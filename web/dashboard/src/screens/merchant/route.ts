import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const merchantRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "merchants/$merchantId",
  staticData: { permission: "merchants.read" },
  component: lazyRouteComponent(() => import("./merchant_screen"), "MerchantScreen"),
});
