import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const suspenseRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "suspense",
  staticData: { permission: "books.read" },
  component: lazyRouteComponent(() => import("./suspense_screen"), "SuspenseScreen"),
});
