import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { Installation } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Field } from "../../parts/field";
import { Card, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { INSTALLATION } from "./texts";

/** What runs here, in which version and with which settings. */
export function InstallationScreen() {
  const t = useTexts(INSTALLATION);
  const api = useApi();
  const query = useQuery({
    queryKey: ["installation"],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/installation", { signal })),
  });
  return (
    <Loaded query={query} lines={10} isScreen>
      {(found) => (
        <>
          <PageHead title={t.title} lead={<p className="quiet">{t.version(found.version)}</p>} />
          <div className="column">
            <ProcessesCard found={found} />
            <SchemasCard found={found} />
            <SettingsCard found={found} />
          </div>
        </>
      )}
    </Loaded>
  );
}

interface FoundProps {
  readonly found: Installation;
}

function ProcessesCard({ found }: FoundProps) {
  const t = useTexts(INSTALLATION);
  const { locale } = useLanguage();
  return (
    <Card title={t.processes}>
      <p className="quiet">{t.processesWhy}</p>
      {found.processes === null ? (
        <Status tone="warn">{t.processesUnread}</Status>
      ) : (
        <table className="table">
          <thead>
            <tr>
              <th>{t.process}</th>
              <th className="number">{t.sessions}</th>
            </tr>
          </thead>
          <tbody>
            {found.processes.map((one) => (
              <tr key={one.process}>
                <td>{one.process}</td>
                <td className="number">{one.sessions.toLocaleString(locale)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

function SchemasCard({ found }: FoundProps) {
  const t = useTexts(INSTALLATION);
  return (
    <Card title={t.schemas}>
      <div className="scroll" tabIndex={0} role="group" aria-label={t.schemas}>
        <table className="table">
          <thead>
            <tr>
              <th>{t.store}</th>
              <th>{t.package}</th>
              <th>{t.latest}</th>
              <th>{t.state}</th>
            </tr>
          </thead>
          <tbody>
            {found.schemas.map((schema) => (
              <tr key={`${schema.store}-${schema.package}`}>
                <td>{schema.store}</td>
                <td className="code">{schema.package}</td>
                <td className="code">{schema.latest ?? "—"}</td>
                <td>
                  {schema.applied === null ? (
                    <Status tone="warn">{t.unread}</Status>
                  ) : schema.pending.length > 0 ? (
                    <Status tone="bad">{t.pending(schema.pending.length)}</Status>
                  ) : (
                    <Status tone="good">{t.upToDate}</Status>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function SettingsCard({ found }: FoundProps) {
  const t = useTexts(INSTALLATION);
  const [looked, look] = useState("");
  const wanted = looked.trim().toLowerCase();
  const shown = found.settings.filter((one) => `${one.name} ${one.meaning}`.toLowerCase().includes(wanted));
  return (
    <Card title={t.settings}>
      <p className="quiet">{t.settingsWhy}</p>
      <Field label={t.find}>
        {(ids) => <input className="input" type="search" autoComplete="off" {...ids} value={looked} onChange={(event) => look(event.target.value)} />}
      </Field>
      {shown.length === 0 ? (
        <p className="quiet">{t.noSetting}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="group" aria-label={t.settings}>
          <table className="table">
            <thead>
              <tr>
                <th>{t.setting}</th>
                <th>{t.value}</th>
                <th>{t.origin}</th>
                <th>{t.meaning}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((one) => (
                <tr key={one.name}>
                  <td className="code">{one.name}</td>
                  <td>{one.value !== null ? <span className="code">{one.value || "—"}</span> : <span className="quiet">{one.is_set ? t.secret : t.notSet}</span>}</td>
                  <td>{one.origin}</td>
                  <td className="small">{one.meaning}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
