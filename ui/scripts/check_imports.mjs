// Fails when a file of src/ imports from a folder that import_rules.json does not grant to its folder.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const src = join(root, "src");
const rules = JSON.parse(readFileSync(join(root, "import_rules.json"), "utf8"));
const problems = [];

for (const entry of readdirSync(src, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const folder = relative(src, path).split(sep)[0];
  const allowed = rules[folder];
  if (allowed === undefined) {
    problems.push(`${relative(root, path)}: the folder \`${folder}\` has no rule in import_rules.json`);
    continue;
  }
  for (const match of readFileSync(path, "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
    const target = relative(src, resolve(dirname(path), match[1])).split(sep)[0];
    if (target !== folder && !allowed.includes(target)) {
      problems.push(`${relative(root, path)}: imports from \`${target}\`, which \`${folder}\` may not use`);
    }
  }
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log("import rules: kept");
