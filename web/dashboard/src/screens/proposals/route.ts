import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const proposalsRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "proposals",
  staticData: { permission: "proposals.read" },
  component: lazyRouteComponent(() => import("./proposals_screen"), "ProposalsScreen"),
});
