import { lazy, Suspense, useState } from "react";
import type { Api } from "../api/client";
import { useTexts } from "../language/language";
import { useModeOfPage } from "../session/mode";
import { useMay } from "../session/permission";
import { EXPORT, type ExportName } from "./texts";

const ExportDialog = lazy(() => import("./export_dialog").then(({ ExportDialog }) => ({ default: ExportDialog })));

/** What a person gives beside the filters. */
export interface Given {
  readonly reason: string;
  readonly time_zone: string | null;
}

/** How a request of an export is sent: its answer is read as it comes. */
export interface Sent {
  readonly params: { readonly header: { readonly "Idempotency-Key": string } };
  readonly headers: { readonly Accept: "text/csv" };
  readonly parseAs: "stream";
  readonly signal: AbortSignal;
}

type Stream = ReadableStream<Uint8Array<ArrayBuffer>> | null;

export interface ExportProps {
  readonly name: ExportName;
  /** The filters in words: what each is called, and what is set. */
  readonly filters: readonly (readonly [name: string, value: string])[];
  readonly ask: (api: Api, given: Given, sent: Sent) => Promise<{ data?: Stream; error?: unknown; response: Response }>;
  readonly hasTimes?: boolean;
}

/** The button that exports what a screen shows, for those who may. */
export function ExportButton(props: ExportProps) {
  const t = useTexts(EXPORT);
  const may = useMay("exports.read", useModeOfPage());
  const [isOpen, setIsOpen] = useState(false);
  if (!may) return null;
  return (
    <>
      <button type="button" className="button" onClick={() => setIsOpen(true)}>
        {t.button}
      </button>
      {isOpen && (
        <Suspense>
          <ExportDialog {...props} close={() => setIsOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
