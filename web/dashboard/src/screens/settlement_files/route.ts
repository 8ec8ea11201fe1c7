import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf, oneOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";
import { FILE_STATUSES } from "./statuses";

const FORMS = { source: /^[a-z0-9_-]{1,64}$/, status: oneOf(FILE_STATUSES.en) };

export const settlementFilesRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "settlement_files",
  staticData: { permission: "books.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./settlement_files_screen"), "SettlementFilesScreen"),
});
