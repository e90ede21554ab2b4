// Writes inputs.sha256 beside the built page: one line for each input and each output, sorted by path.
// A test of the server's crate recomputes them without Node, so a page that was not rebuilt fails the tests.
// Paths are relative to the repository's root; the format is that of sha256sum.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ui = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const repository = resolve(ui, "..");
const page = resolve(ui, process.env.KINETOSCOPE_PAGE_DIR ?? "../crates/server/page");

const under = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
const inputs = [
  ...under(join(ui, "src")),
  ...["index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"].map((name) =>
    join(ui, name),
  ),
];
const outputs = under(page).filter((path) => !path.endsWith("inputs.sha256"));
const lines = [...inputs, ...outputs].map((path) => {
  const sum = createHash("sha256").update(readFileSync(path)).digest("hex");
  return `${sum}  ${relative(repository, path)}`;
});
lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1));
writeFileSync(join(page, "inputs.sha256"), lines.join("\n") + "\n");
