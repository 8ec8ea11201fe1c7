// What can become of a request besides its answer.

/** The server has refused: RFC 9457, with FinCore's code. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string | null,
    readonly requestId: string | null,
  ) {
    super(detail ?? title);
  }
}

/** No answer has arrived, or one that says nothing about what was done: a proxy's error, a time-out, a lost connection. */
export class AnswerLost extends Error {}

/** There is no valid login any more. */
export class LoginEnded extends Error {}

interface ProblemBody {
  readonly code?: unknown;
  readonly title?: unknown;
  readonly detail?: unknown;
  readonly request_id?: unknown;
}

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** The error of an answer that is none of what was asked for. */
export function errorOf(response: Response, body: unknown): Error {
  const said = (typeof body === "object" && body !== null ? body : {}) as ProblemBody;
  const code = textOf(said.code);
  if (code === null) return new AnswerLost(`${response.status} without a problem`);
  const requestId = textOf(said.request_id) ?? response.headers.get("request-id");
  return new ApiProblem(response.status, code, textOf(said.title) ?? code, textOf(said.detail), requestId);
}

/** Whether asking again may give an answer: the request was not understood as wrong, it only did not get through. */
export function isWorthRepeating(error: unknown): boolean {
  if (error instanceof AnswerLost) return true;
  return error instanceof ApiProblem && (error.status === 429 || error.status >= 500);
}

/**
 * Whether the request was turned away before FinCore looked at what it asks for: there is no login, or one that does not permit it.
 * That says nothing about an earlier try of the same request.
 */
export function isTurnedAway(error: unknown): boolean {
  return error instanceof LoginEnded || (error instanceof ApiProblem && (error.status === 401 || error.status === 403));
}
