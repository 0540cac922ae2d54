// Writes documents.d.ts from plugins/schema: npx --package json-schema-to-typescript@15.0.4 -- node types.mjs
// The package is needed for this only, so it is not among the dependencies.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const name = { turn: "Turn", answer: "Answer", prompt: "Prompt", completion: "Completion" };
const parts = Object.keys(name).map((document) => {
  const schema = join(here, "../../schema", `${document}.json`);
  const made = spawnSync("json2ts", ["--bannerComment", "", "-i", schema], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(made.stderr || String(made.error));
  // Each document in a namespace of its own: some have parts of the same name.
  const body = made.stdout.trim().split("\n").map((line) => (line ? `  ${line}` : line)).join("\n");
  return `export namespace ${name[document]} {\n${body}\n}`;
});
writeFileSync(join(here, "documents.d.ts"), `// Made by types.mjs from plugins/schema.\n\n${parts.join("\n\n")}\n`);
