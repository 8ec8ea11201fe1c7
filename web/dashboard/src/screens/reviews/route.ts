import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const reviewsRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "reviews",
  staticData: { permission: "payments.read" },
  component: lazyRouteComponent(() => import("./reviews_screen"), "ReviewsScreen"),
});
