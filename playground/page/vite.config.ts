import { defineConfig } from "vite";

/** The page, built into files that need nothing from elsewhere. */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  build: { outDir: "../../dist/playground", emptyOutDir: true, assetsInlineLimit: 0 },
});
