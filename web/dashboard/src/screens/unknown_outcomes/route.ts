import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const unknownOutcomesRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "unknown_outcomes",
  staticData: { permission: "payments.read" },
  component: lazyRouteComponent(() => import("./unknown_outcomes_screen"), "UnknownOutcomesScreen"),
});
