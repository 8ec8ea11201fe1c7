import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const homeRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "/",
  staticData: { permission: "installation.read" },
  component: lazyRouteComponent(() => import("./home_screen"), "HomeScreen"),
});
