// The calls of /staff/v1, typed by FinCore's OpenAPI document. The token is in the header of each, and nowhere else.

import createClient, { type Client } from "openapi-fetch";
import { createContext, use } from "react";
import type { Login } from "../session/login";
import type { paths } from "./schema";
import { AnswerLost, errorOf, LoginEnded } from "./problem";

const ANSWER_SECONDS_MAX = 30;

export type Api = Client<paths>;

export function createApi(login: Login): Api {
  const send = async (request: Request, token: string | undefined): Promise<Response> => {
    if (token === undefined) throw new LoginEnded();
    const headers = new Headers(request.headers);
    headers.set("Authorization", `Bearer ${token}`);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), ANSWER_SECONDS_MAX * 1000);
    const signal = AbortSignal.any([request.signal, late.signal]);
    const answer = await fetch(new Request(request, { headers, signal, credentials: "omit" }));
    // A file may take longer than any other answer: its reader bounds the time for each part of it.
    if (request.headers.get("Accept") === "text/csv") clearTimeout(timer);
    return answer;
  };
  const sendWithLogin = async (request: Request): Promise<Response> => {
    const again = request.clone();
    try {
      const answer = await send(request, await login.token());
      return answer.status === 401 ? await send(again, await login.renew()) : answer;
    } catch (error) {
      if (error instanceof LoginEnded || request.signal.aborted) throw error;
      throw new AnswerLost(String(error));
    }
  };
  // Several values of one parameter are one text with commas between them, as the document says.
  return createClient<paths>({ baseUrl: location.origin, fetch: sendWithLogin, querySerializer: { array: { style: "form", explode: false } } });
}

interface Answered<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** What was asked for. Throws `ApiProblem`, `AnswerLost` or `LoginEnded`. */
export async function answerOf<T>(asked: Promise<Answered<T>>): Promise<NonNullable<T>> {
  const { data, error, response } = await asked;
  if (!response.ok || data === undefined || data === null) throw errorOf(response, error);
  return data;
}

export const ApiContext = createContext<Api | null>(null);

export function useApi(): Api {
  const api = use(ApiContext);
  if (!api) throw new Error("useApi outside of a login");
  return api;
}
