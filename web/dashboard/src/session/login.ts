// Who is logged in, by the issuer's word: authorization code with PKCE. Tokens are in memory only. Between leaving for the issuer
// and coming back, `sessionStorage` has the request's state and PKCE verifier, no token; oidc-client-ts takes them away on return.

import { InMemoryWebStorage, UserManager, WebStorageStateStore } from "oidc-client-ts";
import type { Configuration } from "./configuration";
import { Renewals } from "./renewals";

export const RETURN_PATH = "/login/return";
export const LOGGED_OUT_PATH = "/logged-out";

/** Where the windows of a browser tell one another that the person has logged out. No token goes there. */
const CHANNEL = "fincore-login";
const LOGGED_OUT = "logged out";

/** A token that ends sooner than this is renewed before it is used. */
const RENEW_SECONDS_BEFORE = 60;

export class Login {
  readonly #manager: UserManager;
  readonly #configuration: Configuration;
  readonly #windows = new BroadcastChannel(CHANNEL);
  readonly #renewals = new Renewals(() => this.#renewed());

  constructor(configuration: Configuration) {
    this.#configuration = configuration;
    this.#manager = new UserManager({
      authority: configuration.issuer,
      client_id: configuration.client_id,
      redirect_uri: location.origin + RETURN_PATH,
      post_logout_redirect_uri: location.origin + LOGGED_OUT_PATH,
      response_type: "code",
      scope: configuration.scope,
      userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
      stateStore: new WebStorageStateStore({ store: sessionStorage }),
      // `token` renews. On its own oidc-client-ts would try a frame where there is no refresh token, which our policy refuses.
      automaticSilentRenew: false,
      monitorSession: false,
    });
    this.#windows.onmessage = (told: MessageEvent<unknown>) => {
      if (told.data === LOGGED_OUT) void this.#leave();
    };
  }

  /** Calls back when the login cannot be renewed any more, and when it could be after all. */
  onChange(told: (hasEnded: boolean) => void): void {
    this.#renewals.onChange(told);
  }

  /** Leaves for the issuer, which brings the browser back to `path`. Never returns: the page goes away. */
  async begin(path: string): Promise<never> {
    await this.#manager.signinRedirect({ state: path });
    return new Promise(() => {});
  }

  /** Takes the issuer's answer from the address, and gives the path to go on with. */
  async finish(): Promise<string> {
    const user = await this.#manager.signinRedirectCallback();
    return typeof user.state === "string" && user.state.startsWith("/") && !user.state.startsWith("//") ? user.state : "/";
  }

  /** The access token, renewed where it is about to end; undefined where the login has ended. */
  async token(): Promise<string | undefined> {
    const user = await this.#manager.getUser();
    if (user && (user.expires_in ?? 0) > RENEW_SECONDS_BEFORE) return user.access_token;
    return this.renew();
  }

  /** A new access token by the refresh token: one request, for all who ask meanwhile. */
  renew(): Promise<string | undefined> {
    return this.#renewals.next();
  }

  /** Raises where the issuer has ended the login, or cannot be reached: the person logs in again, by a button that they choose to press. */
  async #renewed(): Promise<string | undefined> {
    const user = await this.#manager.getUser();
    const renewed = user?.refresh_token ? await this.#manager.signinSilent() : null;
    return renewed?.access_token;
  }

  /** Leaves what is shown, as the person has logged out in another window. */
  async #leave(): Promise<void> {
    await this.#manager.removeUser();
    if (location.pathname !== LOGGED_OUT_PATH) location.replace(LOGGED_OUT_PATH);
  }

  /** Forgets the tokens, here and in the other windows of the browser, and ends the issuer's session. */
  async end(): Promise<void> {
    this.#windows.postMessage(LOGGED_OUT);
    // Without the user there is no `id_token_hint`, so that no token stands in an address: the issuer knows us by `client_id`.
    await this.#manager.removeUser();
    const { form, address } = this.#configuration.logout;
    if (form === "oidc" || address === null) {
      await this.#manager.signoutRedirect();
      return;
    }
    const query = new URLSearchParams({
      client_id: this.#configuration.client_id,
      logout_uri: location.origin + LOGGED_OUT_PATH,
    });
    location.assign(`${address}?${query}`);
  }
}
