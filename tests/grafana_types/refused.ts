/** What the types must refuse: the compiler fails where one of these is taken. */
import type { Dashboard } from "./dashboards";

type Panel = Dashboard["panels"][number];

// @ts-expect-error -- Grafana has no such form of a legend.
export const form: Panel["options"]["legend"]["displayMode"] = "lines";

// @ts-expect-error -- Grafana reads no such field.
export const field: Dashboard = { schemaVersion: 39, panels: [], heading: "" };

// @ts-expect-error -- a place in the grid has a width.
export const place: Panel["gridPos"] = { x: 0, y: 0, h: 8 };

// @ts-expect-error -- a variable has a type that Grafana knows.
export const variables: Dashboard["templating"] = { list: [{ name: "datasource", type: "source" }] };
