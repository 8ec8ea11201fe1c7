// The classic script: fincore.js, with the global FinCore. Its tag may have the hash of the manifest.

import { loaderOf } from "./loader.js";

declare const VERSION: string;

const script = document.currentScript as HTMLScriptElement | null;
Object.assign(window, { FinCore: { loadFinCore: loaderOf(script?.src), version: VERSION } });
