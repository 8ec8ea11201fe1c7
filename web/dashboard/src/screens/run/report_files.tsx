// The report as a file, in each of its forms.

import { useMutation } from "@tanstack/react-query";
import { answerOf } from "../../api/client";
import { save } from "../../api/download";
import { useTexts } from "../../language/language";
import { useToast } from "../../parts/toasts";
import { RUN } from "./texts";

const FORMS = ["html", "csv", "json"] as const;
type Form = (typeof FORMS)[number];

interface ReportFilesProps {
  /** The name of the file, without its ending. */
  readonly name: string;
  readonly ask: (format: Form) => Promise<{ readonly data?: unknown; readonly error?: unknown; readonly response: Response }>;
}

export function ReportFiles({ name, ask }: ReportFilesProps) {
  const t = useTexts(RUN);
  const toast = useToast();
  const download = useMutation({
    mutationFn: async (form: Form) => ({ form, file: await answerOf(ask(form)) }),
    onSuccess: ({ form, file }) => {
      if (file instanceof Blob) save(file, `${name}.${form}`);
    },
    onError: (error) => toast(t.notSaved(error.message)),
  });
  return FORMS.map((form) => (
    <button type="button" className="button" key={form} disabled={download.isPending} onClick={() => download.mutate(form)}>
      {t.save(form.toUpperCase())}
    </button>
  ));
}
