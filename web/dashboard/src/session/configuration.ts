// What the server tells the dashboard before anybody has logged in.

export interface Configuration {
  readonly issuer: string;
  readonly client_id: string;
  readonly scope: string;
  readonly logout: {
    /** How the issuer ends its session: as OpenID Connect says, or by Cognito's own form. */
    readonly form: "oidc" | "cognito";
    /** Where, for Cognito's form. */
    readonly address: string | null;
  };
}

export async function readConfiguration(): Promise<Configuration> {
  const answer = await fetch("/dashboard/configuration.json");
  if (!answer.ok) throw new Error(`configuration.json: ${answer.status}`);
  return (await answer.json()) as Configuration;
}
