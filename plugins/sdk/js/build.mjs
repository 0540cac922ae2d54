#!/usr/bin/env node
// Makes a component of a plugin: node build.mjs reminder.js reminder.wasm
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [source, output] = process.argv.slice(2);
if (!source || !output) {
  console.error("usage: greenroom-build SOURCE.js OUTPUT.wasm");
  process.exit(2);
}
const here = dirname(fileURLToPath(import.meta.url));
// Beside the SDK in a project of its own, or where it lies in this repository.
const wit = [join(here, "wit"), join(here, "../../wit")].find((folder) => existsSync(folder));
const folder = mkdtempSync(join(tmpdir(), "greenroom-"));
try {
  const bundle = join(folder, "plugin.js");
  await build({
    entryPoints: [resolve(source)],
    outfile: bundle,
    bundle: true,
    format: "esm",
    target: "es2023",
    external: ["greenroom:plugin/*"],
    alias: { "greenroom-plugin": join(here, "greenroom.js") },
    logLevel: "warning",
  });
  // Installed beside the SDK, in the project around it, or on the machine.
  const installed = [here, dirname(here)].map((folder) => join(folder, "node_modules/.bin/componentize-qjs"));
  const tool = installed.find((program) => existsSync(program)) ?? "componentize-qjs";
  const made = spawnSync(tool, ["--sync", "--wit", wit, "--world", "plugin", "--js", bundle, "-o", resolve(output)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  process.exitCode = made.status ?? 1;
} catch (error) {
  console.error(error.message ?? error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
