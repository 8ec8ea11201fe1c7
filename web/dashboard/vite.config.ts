// Builds what the role `staff` serves: `npm run build [-- --outDir folder]`. The same sources and lock file give the same bytes.

import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Packages that only some screens need have files of their own, so that the first page does not wait for them. */
const VENDORS = [
  { name: "vendor-dialog", test: /node_modules[\\/](@base-ui|@floating-ui|tabbable|reselect)[\\/]/ },
  { name: "vendor-virtual", test: /node_modules[\\/]@tanstack[\\/](react-virtual|virtual-core)[\\/]/ },
  { name: "vendor-chart", test: /node_modules[\\/]uplot[\\/]/ },
  { name: "vendor", test: /node_modules[\\/]|rolldown[\\/]runtime|vite[\\/]preload-helper/ },
];

export default defineConfig({
  root: here("."),
  plugins: [react()],
  build: {
    outDir: here("../../src/fincore/staff/dashboard/static"),
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // The content security policy allows no `data:`.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { output: { codeSplitting: { groups: VENDORS, includeDependenciesRecursively: false } } },
  },
});
