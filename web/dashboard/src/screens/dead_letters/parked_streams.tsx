import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { ParkedStream } from "../../api/types";
import { useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { Card } from "../../parts/page";
import { Distance } from "../../parts/time";
import { useToast } from "../../parts/toasts";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { DEAD_LETTERS } from "./texts";

/** Streams that a consumer has left at an event that it could not apply. Nothing is shown where there are none. */
export function ParkedStreams() {
  const t = useTexts(DEAD_LETTERS);
  const api = useApi();
  const mayResume = useMay("jobs.replay", useModeOfPage());
  const [resumed, resume] = useState<ParkedStream | null>(null);
  const query = useQuery({ queryKey: ["parked_streams"], queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/parked_streams", { signal })) });
  const { data = [], unread = [] } = query.data ?? {};
  if (data.length === 0 && unread.length === 0) return null;
  return (
    <Card title={t.parked}>
      {unread.length > 0 && <p>{t.unread(unread.join(", "))}</p>}
      <ul className="lines">
        {data.map((stream) => (
          <li key={`${stream.consumer}-${stream.stream}`}>
            <span>
              <span className="code">{stream.stream}</span> · {t.parkedWhy(stream.consumer, stream.since_version)} ({stream.event_type}) ·{" "}
              <Distance at={stream.parked_at} />
            </span>
            <span className="quiet small">{stream.reason}</span>
            {mayResume && (
              <span>
                <button type="button" className="button" onClick={() => resume(stream)}>
                  {t.resume}
                </button>
              </span>
            )}
          </li>
        ))}
      </ul>
      {resumed && <ResumeDialog stream={resumed} close={() => resume(null)} />}
    </Card>
  );
}

function ResumeDialog({ stream, close }: { stream: ParkedStream; close: () => void }) {
  const t = useTexts(DEAD_LETTERS);
  const api = useApi();
  const toast = useToast();
  return (
    <ActDialog
      title={t.resume}
      subject={`${stream.consumer} ${stream.stream}`}
      button={t.resume}
      preview={t.resumePreview(stream.stream)}
      values={{ consumer: stream.consumer, stream: stream.stream }}
      ask={(body, key) => answerOf(api.POST("/staff/v1/parked_streams/resume", { params: { header: { "Idempotency-Key": key } }, body }))}
      done={() => toast(t.resumed)}
      close={close}
    />
  );
}
