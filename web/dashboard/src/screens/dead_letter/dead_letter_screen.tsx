import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { DeadLetterDetail } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { Copy } from "../../parts/copy";
import { Card, Facts, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Time } from "../../parts/time";
import { useToast } from "../../parts/toasts";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { KINDS } from "../dead_letters/kinds";
import { DEAD_LETTERS } from "../dead_letters/texts";
import { deadLetterRoute } from "./route";
import { DEAD_LETTER, outlookOf } from "./texts";

type End = "replay" | "discard";

/** A job that waits for a person: why, and what doing it again does. */
export function DeadLetterScreen() {
  const { letterId } = deadLetterRoute.useParams();
  const api = useApi();
  const query = useQuery({
    queryKey: ["dead_letter", letterId],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/dead_letters/{letter_id}", { params: { path: { letter_id: letterId } }, signal })),
  });
  return (
    <Loaded query={query} lines={8} isScreen>
      {(letter) => <Found key={letterId} letter={letter} />}
    </Loaded>
  );
}

function Found({ letter }: { letter: DeadLetterDetail }) {
  const t = useTexts(DEAD_LETTER);
  const list = useTexts(DEAD_LETTERS);
  const { language, locale } = useLanguage();
  const mode = useModeOfPage();
  const outlook = outlookOf(letter, language);
  const mayEnd = useMay("jobs.replay", mode);
  const [end, setEnd] = useState<End | null>(null);
  return (
    <>
      <PageHead title={letter.kind ? KINDS[language][letter.kind] : list.unknownKind} lead={<Copy text={letter.id} />}>
        {mayEnd && (
          <button type="button" className="button" data-kind="primary" onClick={() => setEnd("replay")}>
            {t.replay}
          </button>
        )}
        {mayEnd && letter.outlook.is_discardable && (
          <button type="button" className="button" onClick={() => setEnd("discard")}>
            {letter.outlook.discard_is_proposed ? t.proposeDiscard : t.discard}
          </button>
        )}
      </PageHead>
      <div className="column">
        <Card title={t.outlook}>
          <p>{outlook.does}</p>
          <p>{outlook.once}</p>
          {!letter.outlook.is_discardable && <p className="quiet">{t.notDiscardable}</p>}
        </Card>
        <Card title={t.details}>
          <Facts
            of={[
              [t.reason, letter.reason],
              [t.since, <Time key="since" at={letter.held_at} precision="second" />],
              [t.attempts, letter.attempts.toLocaleString(locale)],
              [
                t.charge,
                letter.charge && (
                  <Link to="/$mode/charges/$chargeId" params={{ mode, chargeId: letter.charge }} className="code">
                    {letter.charge}
                  </Link>
                ),
              ],
              [t.refund, letter.refund],
              [t.attempt, letter.attempt],
              [t.session, letter.checkout_session],
              [t.account, letter.psp && `${letter.psp} · ${letter.psp_account}`],
              [t.event, letter.psp_event && <Copy text={letter.psp_event} />],
              [t.job, letter.job],
            ]}
          />
        </Card>
      </div>
      {end && <EndDialog letter={letter} end={end} close={() => setEnd(null)} />}
    </>
  );
}

function EndDialog({ letter, end, close }: { letter: DeadLetterDetail; end: End; close: () => void }) {
  const t = useTexts(DEAD_LETTER);
  const { language } = useLanguage();
  const outlook = outlookOf(letter, language);
  const api = useApi();
  const toast = useToast();
  const mode = useModeOfPage();
  const navigate = useNavigate();
  const isProposed = end === "discard" && letter.outlook.discard_is_proposed;
  const name = isProposed ? t.proposeDiscard : t[end];
  return (
    <ActDialog
      title={name}
      button={name}
      isDanger={end === "discard"}
      preview={end === "discard" ? (isProposed ? t.proposePreview : t.discardPreview) : `${outlook.does} ${outlook.once}`}
      values={{}}
      ask={(body, key) => {
        const params = { path: { letter_id: letter.id }, header: { "Idempotency-Key": key } };
        if (end === "replay") return answerOf(api.POST("/staff/v1/dead_letters/{letter_id}/replay", { params, body }));
        return answerOf(api.POST("/staff/v1/dead_letters/{letter_id}/discard", { params, body }));
      }}
      done={(answer) => {
        toast(answer.object === "proposal" ? t.proposed : t[answer.end]);
        void navigate({ to: "/$mode/dead_letters", params: { mode } });
      }}
      close={close}
    />
  );
}
