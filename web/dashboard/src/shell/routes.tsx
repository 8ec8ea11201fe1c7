// The routes that every screen is under: `/test/...` or `/live/...`.

import { createRootRoute, createRoute, Navigate, notFound } from "@tanstack/react-router";
import { MODES, modesOf, useMe, type Mode, type Permission } from "../session/permission";
import { Layout } from "./layout";
import { NoScreen } from "./no_screen";

declare module "@tanstack/react-router" {
  interface StaticDataRouteOption {
    /** What a person needs to see the screen; the layout says so where it is missing. */
    permission?: Permission;
  }
}

export const rootRoute = createRootRoute({ notFoundComponent: NoScreen });

export const startRoute = createRoute({ getParentRoute: () => rootRoute, path: "/", component: Start });

export const modeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "$mode",
  params: {
    parse: ({ mode }): { mode: Mode } => {
      const known = MODES.find((one) => one === mode);
      if (!known) throw notFound();
      return { mode: known };
    },
    stringify: ({ mode }) => ({ mode }),
  },
  component: Layout,
});

/** Live, for those who may see it. */
function Start() {
  const mode = modesOf(useMe()).at(-1) ?? "test";
  return <Navigate to="/$mode" params={{ mode }} replace />;
}
