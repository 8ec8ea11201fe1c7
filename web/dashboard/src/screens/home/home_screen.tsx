import { useTexts } from "../../language/language";
import { PageHead } from "../../parts/page";
import { NAVIGATION } from "../../shell/texts";

/** What needs a person today, and how the system is. */
export function HomeScreen() {
  const t = useTexts(NAVIGATION);
  return <PageHead title={t.home} />;
}
