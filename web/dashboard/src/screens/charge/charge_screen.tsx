import { PageHead } from "../../parts/page";
import { chargeRoute } from "./route";

export function ChargeScreen() {
  const { chargeId } = chargeRoute.useParams();
  return <PageHead title={chargeId} />;
}
