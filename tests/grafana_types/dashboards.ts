/** What Grafana reads of a dashboard of curves over queries of Prometheus, by Grafana's own types. Grafana publishes none of the query itself. */
import type { Dashboard as GrafanaDashboard, DataSourceRef, Panel as GrafanaPanel } from "@grafana/schema";
import type {
  FieldConfig,
  Options,
} from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

/** A type as its values stand in JSON: an enumeration is one of its texts. */
type Json<T> = T extends string
  ? `${T}`
  : T extends (infer Item)[]
    ? Json<Item>[]
    : T extends object
      ? { [Key in keyof T]: Json<T[Key]> }
      : T;

interface Query {
  refId: string;
  datasource: DataSourceRef;
  expr: string;
  legendFormat: string;
}

interface Panel extends Omit<GrafanaPanel, "type" | "options" | "targets" | "fieldConfig"> {
  type: "timeseries";
  options: Options;
  targets: Query[];
  fieldConfig: {
    defaults: Omit<NonNullable<GrafanaPanel["fieldConfig"]>["defaults"], "custom"> & { custom?: FieldConfig };
    overrides: never[];
  };
}

export type Dashboard = Json<Omit<GrafanaDashboard, "panels"> & { panels: Panel[] }>;
