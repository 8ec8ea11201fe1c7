import { useTexts } from "../../language/language";
import { PageHead } from "../../parts/page";
import { NAVIGATION } from "../../shell/texts";

export function ChargesScreen() {
  const t = useTexts(NAVIGATION);
  return <PageHead title={t.charges} />;
}
