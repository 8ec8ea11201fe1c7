import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import type { Merchant } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Copy } from "../../parts/copy";
import { PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { useModeOfPage } from "../../session/mode";
import { formatTime } from "../../time/times";
import { FeesCard } from "./fees_card";
import { KeysCard } from "./keys_card";
import { OriginsCard } from "./origins_card";
import { RawCardsCard } from "./raw_cards_card";
import { merchantRoute } from "./route";
import { MERCHANT } from "./texts";

/** A merchant: its keys, what the platform charges it, and what it may do. */
export function MerchantScreen() {
  const { merchantId } = merchantRoute.useParams();
  const api = useApi();
  const query = useQuery({
    queryKey: ["merchant", merchantId],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/merchants/{merchant_id}", { params: { path: { merchant_id: merchantId } }, signal })),
  });
  return (
    <Loaded query={query} lines={8} isScreen>
      {(merchant) => <Found key={merchantId} merchant={merchant} />}
    </Loaded>
  );
}

function Found({ merchant }: { merchant: Merchant }) {
  const t = useTexts(MERCHANT);
  const { locale } = useLanguage();
  const mode = useModeOfPage();
  return (
    <>
      <PageHead
        title={merchant.name}
        lead={
          <p className="chips">
            <Copy text={merchant.id} />
            <span className="quiet">{t.registered(formatTime(merchant.created_at, locale, "day"))}</span>
          </p>
        }
      >
        <Link to="/$mode/charges" params={{ mode }} search={{ merchant: merchant.id } as never}>
          {t.charges}
        </Link>
        <Link to="/$mode/endpoints" params={{ mode }} search={{ merchant: merchant.id }}>
          {t.endpoints}
        </Link>
      </PageHead>
      <div className="column">
        <KeysCard merchantId={merchant.id} />
        <FeesCard merchantId={merchant.id} />
        <OriginsCard merchantId={merchant.id} />
        <RawCardsCard merchantId={merchant.id} />
      </div>
    </>
  );
}
