// Builds what the role `checkout` serves under /js/: `npm run build [folder]`. The same sources and lock file give the same bytes.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const GZIP_BYTES_MAX = 5_000;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { version, license } = JSON.parse(readFileSync(here("package.json"), "utf8"));
const folder = process.argv[2] ?? here(`../../src/fincore/checkout/js/built/${version}`);

/** Each script by its name, and how it is built. */
const SCRIPTS = {
  "fincore.js": { entryPoints: [here("src/classic.ts")], format: "iife" },
  "fincore.mjs": { entryPoints: [here("src/index.ts")], format: "esm" },
};

async function bundled(name, options) {
  const { outputFiles } = await build({
    ...options,
    absWorkingDir: here("."),
    banner: { js: `/*! ${name} ${version} (FinCore Payments, ${license}) */` },
    bundle: true,
    define: { VERSION: JSON.stringify(version) },
    legalComments: "none",
    logLevel: "error",
    minify: true,
    target: "es2022",
    write: false,
  });
  return Buffer.from(outputFiles[0].contents);
}

/** The types: `src/public.ts` as the compiler declares it, and what the module and the global hold. */
function declarations() {
  const out = here("node_modules/.types");
  rmSync(out, { recursive: true, force: true });
  execFileSync(process.execPath, [
    here("node_modules/typescript/bin/tsc"),
    ...["--project", here("tsconfig.json"), "--emitDeclarationOnly", "--declaration", "--outDir", out],
  ], { stdio: "inherit" });
  const own = readFileSync(`${out}/src/public.d.ts`, "utf8");
  return Buffer.from(`${own}
export declare const loadFinCore: LoadFinCore;
/** The version of this SDK. */
export declare const version: string;
export as namespace FinCore;
`);
}

function described(content) {
  return {
    integrity: `sha384-${createHash("sha384").update(content).digest("base64")}`,
    bytes: content.length,
  };
}

const files = { "fincore.d.ts": declarations() };
for (const [name, options] of Object.entries(SCRIPTS)) files[name] = await bundled(name, options);
const names = Object.keys(files).sort();
const manifest = { version, files: Object.fromEntries(names.map((name) => [name, described(files[name])])) };
for (const name of Object.keys(SCRIPTS)) {
  // It is no part of the manifest: versions of zlib differ by some bytes.
  const size = gzipSync(files[name], { level: 9 }).length;
  console.log(`${name}: ${size} bytes with gzip, at most ${GZIP_BYTES_MAX}`);
  if (size > GZIP_BYTES_MAX) process.exitCode = 1;
}
files["manifest.json"] = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
mkdirSync(folder, { recursive: true });
for (const [name, content] of Object.entries(files)) writeFileSync(`${folder}/${name}`, content);
