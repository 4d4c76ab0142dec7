// SPDX-FileCopyrightText: 2026 The connguard authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Evaluates budget models: graphs of numbers that connguard exports. The rules of the budget are in
// the graph; here are only its operators. Numbers are BigInts, since "no limit" is 2^60.
"use strict";

const UNLIMITED = 1n << 60n;
const VERDICTS = ["safe", "unknown", "unsafe"];

function evaluate(model, values) {
  const numbers = [];
  const all = (operands) => operands.map((one) => numbers[one]);
  const operators = {
    constant: ([value]) => BigInt(value),
    low: ([input]) => values.get(model.inputs[input].path) ?? BigInt(model.inputs[input].low),
    high: ([input]) => values.get(model.inputs[input].path) ?? BigInt(model.inputs[input].high),
    sum: (operands) => all(operands).reduce((a, b) => a + b),
    product: (operands) => all(operands).reduce((a, b) => a * b),
    difference: (operands) => all(operands).reduce((a, b) => a - b),
    min: (operands) => all(operands).reduce((a, b) => (b < a ? b : a)),
    max: (operands) => all(operands).reduce((a, b) => (b > a ? b : a)),
    choose: ([condition, then, otherwise]) => numbers[numbers[condition] > 0n ? then : otherwise],
    fits: ([part, whole]) => (numbers[part] <= numbers[whole] ? 1n : 0n),
    transport: ([cells, rows, columns]) => transport(cells, rows, columns, numbers),
  };
  for (const [operator, ...operands] of model.nodes) numbers.push(operators[operator](operands));
  return numbers;
}

// The maximum flow from rows to columns, by shortest augmenting paths.
function transport(cells, rows, columns, numbers) {
  const edges = [];
  const from = new Map();
  const add = (tail, head, cap) => {
    for (const [start, end, rest] of [[tail, head, cap], [head, tail, 0n]]) {
      if (!from.has(start)) from.set(start, []);
      from.get(start).push(edges.length);
      edges.push({ end, rest });
    }
  };
  const rowCaps = new Map(rows.map(([row, cap]) => [row, numbers[cap]]));
  const columnCaps = new Map(columns.map(([column, cap]) => [column, numbers[cap]]));
  for (const row of new Set(cells.map(([row]) => row))) {
    add("source", `r${row}`, rowCaps.get(row) ?? UNLIMITED);
  }
  for (const column of new Set(cells.map(([, column]) => column))) {
    add(`c${column}`, "sink", columnCaps.get(column) ?? UNLIMITED);
  }
  for (const [row, column, cap] of cells) add(`r${row}`, `c${column}`, numbers[cap]);
  let total = 0n;
  for (;;) {
    const reached = new Map([["source", null]]);
    const waiting = ["source"];
    while (waiting.length && !reached.has("sink")) {
      const node = waiting.shift();
      for (const edge of from.get(node) ?? []) {
        if (edges[edge].rest > 0n && !reached.has(edges[edge].end)) {
          reached.set(edges[edge].end, edge);
          waiting.push(edges[edge].end);
        }
      }
    }
    if (!reached.has("sink")) return total < UNLIMITED ? total : UNLIMITED;
    const path = [];
    for (let node = "sink"; node !== "source"; node = edges[path.at(-1) ^ 1].end) {
      path.push(reached.get(node));
    }
    const pushed = path.map((edge) => edges[edge].rest).reduce((a, b) => (b < a ? b : a));
    for (const edge of path) {
      edges[edge].rest -= pushed;
      edges[edge ^ 1].rest += pushed;
    }
    total += pushed;
  }
}

function results(model, values) {
  const numbers = evaluate(model, values);
  return {
    verdict: VERDICTS[Number(numbers[model.verdict])],
    usages: model.outputs.map((output) => ({
      kind: output.kind,
      name: output.name,
      low: numbers[output.low],
      high: numbers[output.high],
      limitLow: numbers[output.limit_low],
      limitHigh: numbers[output.limit_high],
      verdict: VERDICTS[Number(numbers[output.verdict])],
    })),
  };
}

function range(low, high, unlimited) {
  if (low >= UNLIMITED) return unlimited;
  if (low === high) return String(low);
  return high >= UNLIMITED ? `${low} or more` : `${low} to ${high}`;
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const STEPS = [
  ["pooler", "Poolers: client connections, and what one process admits"],
  ["role", "Roles: server connections, worst case"],
  ["database", "Databases: server connections, worst case"],
  ["server", "Server: slots"],
];

function show(page, model, values) {
  const found = results(model, values);
  const verdict = page.querySelector(".verdict");
  verdict.textContent = found.verdict;
  verdict.className = `verdict ${found.verdict}`;
  const chart = page.querySelector(".chart");
  chart.replaceChildren();
  for (const [kind, title] of STEPS) {
    const usages = found.usages.filter((one) => one.kind === kind && (one.high || kind === "server"));
    if (!usages.length) continue;
    const finite = usages.flatMap((one) => [one.high, one.low, one.limitLow]).filter((n) => n < UNLIMITED);
    const scale = finite.reduce((a, b) => (b > a ? b : a), 1n);
    const share = (n) => (Number((n < scale ? n : scale) * 1000n / scale) / 10).toFixed(1);
    chart.append(element("h3", {}, title));
    for (const one of usages) {
      const limited = one.limitLow < UNLIMITED;
      const high = one.high < UNLIMITED ? one.high : one.low;
      const within = limited && high > one.limitLow ? one.limitLow : high;
      const bar = element("div", { class: "bar", "aria-hidden": "true" });
      if (limited) bar.append(element("span", { class: "room", style: `width:${share(one.limitLow)}%` }));
      bar.append(element("span", { class: "used", style: `width:${share(within)}%` }));
      if (high > within) {
        const style = `left:${share(within)}%;width:${share(high - within)}%`;
        bar.append(element("span", { class: "over", style }));
      }
      const demand = range(one.low, one.high, "any number");
      const limit = limited ? `of ${range(one.limitLow, one.limitHigh, "")}` : "no limit";
      const text = element("span", { class: `figure ${limited ? one.verdict : ""}` }, `${demand} ${limit}`);
      const row = element("div", { class: "usage" }, element("span", { class: "name" }, one.name), bar, text);
      row.dataset.usage = `${one.kind} ${one.name}`;
      row.dataset.verdict = one.verdict;
      chart.append(row);
    }
  }
  const changes = [...values].map(([path, value]) => ` --set '${path}=${value >= UNLIMITED ? -1 : value}'`);
  page.querySelector(".command").textContent = `connguard budget${changes.join("")}`;
}

function fields(page, model, values) {
  const form = page.querySelector("form");
  let group = null;
  for (const input of model.inputs) {
    const [, owner, setting] = input.path.match(/^(.*)\.([^.]*)$/);
    if (group?.dataset.owner !== owner) {
      group = element("fieldset", {}, element("legend", {}, owner.replace(".", " ")));
      group.dataset.owner = owner;
      form.append(group);
    }
    const [low, high] = [BigInt(input.low), BigInt(input.high)];
    const exact = low === high && low < UNLIMITED;
    const now = range(low, high, "no limit");
    const top = exact ? Number(low) * 4 : Number(low < UNLIMITED ? low : 0n) * 4;
    const number = element("input", { type: "number", min: "-1", step: "1", placeholder: now });
    const slider = element("input", { type: "range", min: "0", max: String(Math.max(20, top)) });
    number.name = input.path;
    slider.setAttribute("aria-label", input.path);
    const reset = () => {
      number.value = exact ? String(low) : "";
      slider.value = exact ? String(low) : "0";
    };
    const change = (text) => {
      const value = /^-?\d+$/.test(text) ? BigInt(text) : null;
      if (value === null || value < -1n || (exact && value === low)) values.delete(input.path);
      else values.set(input.path, value === -1n ? UNLIMITED : value);
      show(page, model, values);
    };
    number.addEventListener("input", () => {
      const usual = exact ? String(low) : "0";
      slider.value = /^\d+$/.test(number.value) ? number.value : usual;
      change(number.value);
    });
    slider.addEventListener("input", () => {
      number.value = slider.value;
      change(slider.value);
    });
    form.addEventListener("reset", () => setTimeout(reset));
    const place = element("small", {}, input.place ?? "");
    group.append(element("label", {}, element("span", {}, setting.replaceAll("_", " ")), slider, number, place));
    reset();
  }
  form.addEventListener("reset", () => {
    values.clear();
    show(page, model, values);
  });
}

for (const page of document.querySelectorAll(".whatif")) {
  const model = JSON.parse(page.querySelector("script").textContent);
  const values = new Map();
  fields(page, model, values);
  show(page, model, values);
}
