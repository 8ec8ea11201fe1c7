import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../api/client";
import { useModeOfPage } from "../session/mode";

const FRESH_MILLISECONDS = 600_000;
const NAMES_AT_ONCE = 100;

/** The name of a merchant, or its id until the name is known; the id on hover. */
export function useMerchantName(id: string): string {
  const api = useApi();
  const mode = useModeOfPage();
  const first = useQuery({
    queryKey: ["merchant_names", mode],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/merchants", { params: { query: { mode, limit: NAMES_AT_ONCE } }, signal })),
    staleTime: FRESH_MILLISECONDS,
  });
  const known = first.data?.data.find((merchant) => merchant.id === id)?.name;
  const one = useQuery({
    queryKey: ["merchant", id],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/merchants/{merchant_id}", { params: { path: { merchant_id: id } }, signal })),
    staleTime: FRESH_MILLISECONDS,
    enabled: first.data?.has_more === true && known === undefined,
  });
  return known ?? one.data?.name ?? id;
}

export function MerchantName({ id }: { id: string }) {
  return <span title={id}>{useMerchantName(id)}</span>;
}

/** The same, leading to the merchant. */
export function MerchantLink({ id }: { id: string }) {
  const mode = useModeOfPage();
  return (
    <Link to="/$mode/merchants/$merchantId" params={{ mode, merchantId: id }} title={id}>
      {useMerchantName(id)}
    </Link>
  );
}
