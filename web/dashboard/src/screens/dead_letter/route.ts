import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const deadLetterRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "dead_letters/$letterId",
  staticData: { permission: "jobs.read" },
  component: lazyRouteComponent(() => import("./dead_letter_screen"), "DeadLetterScreen"),
});
