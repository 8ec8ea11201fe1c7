// The module: fincore.mjs.

import { loaderOf } from "./loader.js";
import type { LoadFinCore } from "./public.js";

declare const VERSION: string;

export type * from "./public.js";

export const loadFinCore: LoadFinCore = loaderOf(import.meta.url);
/** The version of this SDK. */
export const version: string = VERSION;
