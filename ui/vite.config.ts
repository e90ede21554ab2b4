// Builds the page into the server's crate, where `include_bytes!` finds it.
// Fixed names and no minifying: what is committed stays readable and its differences stay small.
import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: process.env["KINETOSCOPE_PAGE_DIR"] ?? "../crates/server/page",
    emptyOutDir: true,
    target: "es2022",
    minify: false,
    cssMinify: false,
    cssCodeSplit: false,
    sourcemap: false,
    modulePreload: false,
    rollupOptions: {
      output: {
        entryFileNames: "app.js",
        chunkFileNames: "[name].js",
        assetFileNames: (asset) => (asset.names.some((name) => name.endsWith(".css")) ? "app.css" : "[name][extname]"),
        manualChunks: (id: string) => (id.includes("node_modules") || id.includes("\0") ? "vendor" : undefined),
      },
    },
  },
  server: { proxy: { "/api": process.env["KINETOSCOPE_URL"] ?? "http://127.0.0.1:9090" } },
  test: { include: ["src/**/*.test.ts", "src/**/*.test.tsx"], environment: "node" },
});
