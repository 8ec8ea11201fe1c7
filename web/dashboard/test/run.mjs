// Runs the tests beside this file by Node's own test runner, which takes no TypeScript: they are bundled first.

import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = fileURLToPath(new URL("../node_modules/.test", import.meta.url));
const tests = readdirSync(here).filter((name) => name.endsWith(".test.ts"));
rmSync(out, { recursive: true, force: true });
await build({
  cwd: here,
  input: tests.map((name) => `./${name}`),
  platform: "node",
  logLevel: "warn",
  output: { dir: out, format: "esm", sourcemap: "inline", entryFileNames: "[name].mjs" },
});
const files = tests.map((name) => `${out}/${name.replace(/\.ts$/, ".mjs")}`);
const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=spec", ...files], {
  stdio: "inherit",
});
process.exit(status ?? 1);
