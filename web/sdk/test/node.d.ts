// The parts of Node.js that the tests use: the sources themselves must compile without any.

declare module "node:test" {
  export function test(name: string, run: () => void | Promise<void>): void;
}

declare module "node:assert/strict" {
  const assert: {
    equal(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    rejects(promise: Promise<unknown>, expected: object): Promise<void>;
    throws(run: () => unknown, expected: object): void;
    ok(value: unknown, message?: string): void;
  };
  export default assert;
}

declare module "node:process" {
  export function getActiveResourcesInfo(): string[];
}
