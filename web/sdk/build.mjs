// Builds what the role `checkout` serves under /js/: `npm run build [folder]`. The same sources and lock file give the same bytes.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import ts from "typescript";

const GZIP_BYTES_MAX = 5_000;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { version, license } = JSON.parse(readFileSync(here("package.json"), "utf8"));
const folder = process.argv[2] ?? here(`../../src/fincore/checkout/js/built/${version}`);

/** Each script by its name, and how it is built. */
const SCRIPTS = {
  "fincore.js": { entryPoints: [here("src/classic.ts")], format: "iife" },
  "fincore.mjs": { entryPoints: [here("src/index.ts")], format: "esm" },
  "fincore-react.mjs": { entryPoints: [here("src/react.ts")], format: "esm", external: ["react"] },
  "paypal_frame.js": { entryPoints: [here("src/paypal/frame.ts")], format: "iife" },
};

/** What makes the folder a package, for shops that keep a copy of it: `npm install ./vendor/fincore-js`. */
const PACKAGE = {
  name: "fincore-js",
  version,
  license,
  type: "module",
  exports: {
    ".": { types: "./fincore.d.ts", default: "./fincore.mjs" },
    "./react": { types: "./fincore-react.d.ts", default: "./fincore-react.mjs" },
  },
  peerDependencies: { react: ">=18" },
  peerDependenciesMeta: { react: { optional: true } },
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

/** The types, as the compiler declares them file by file. `src/public.ts` gets what the module and the global hold. */
function declarations() {
  const declared = (name) => {
    const compilerOptions = { isolatedDeclarations: true, stripInternal: true, target: ts.ScriptTarget.ES2022 };
    const source = readFileSync(here(`src/${name}.ts`), "utf8");
    const { outputText, diagnostics } = ts.transpileDeclaration(source, { compilerOptions, fileName: `${name}.ts` });
    if (diagnostics.length > 0) throw new Error(ts.flattenDiagnosticMessageText(diagnostics[0].messageText, "\n"));
    return outputText;
  };
  const own = `${declared("public")}
export declare const loadFinCore: LoadFinCore;
/** The version of this SDK. */
export declare const version: string;
export as namespace FinCore;
`;
  return { "fincore.d.ts": own, "fincore-react.d.ts": declared("react").replace("./public.js", "./fincore.js") };
}

function described(content) {
  return {
    integrity: `sha384-${createHash("sha384").update(content).digest("base64")}`,
    bytes: content.length,
  };
}

const files = { "package.json": `${JSON.stringify(PACKAGE, null, 2)}\n` };
Object.assign(files, declarations());
for (const name of Object.keys(files)) files[name] = Buffer.from(files[name]);
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
