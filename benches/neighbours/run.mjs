// whyhook beside other programs that receive webhooks: deliveries a second, the time of one alone, and what `kill -9` loses. Each neighbour is
// started as its documentation says, with a new folder, in turns with the others; the load is what GitHub would send, signed both ways that GitHub signs.
// Linux only; Node, Python (venv) and rustc are needed. It installs Express and the Python programs into --cache, and leaves out what is missing.
//
//   cargo build --release && node benches/neighbours/run.mjs speed kill > table.md
//
// Options: --whyhook PROGRAM, --cache FOLDER, --rounds N, --sizes 2,45 (KB), --only NAME,NAME, and --try, which shows in a second that all of it works.
// `install` alone installs and ends. It fails when a delivery is refused, or one that whyhook has answered is not in its store.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { body, prepared, whole } from "./deliveries.mjs";
import { HERE, install, neighbours } from "./neighbours.mjs";
import { Load, Running, Started, freePort, sleep } from "./processes.mjs";

const { values: given, positionals: parts } = parseArgs({
  allowPositionals: true,
  options: {
    whyhook: { type: "string", default: "target/release/whyhook" }, cache: { type: "string", default: "target/neighbours" },
    rounds: { type: "string", default: "10" }, sizes: { type: "string", default: "2,45" }, only: { type: "string" }, try: { type: "boolean", default: false },
  },
});
const cache = resolve(given.cache);
const rounds = given.try ? 1 : Number(given.rounds);
const CONNECTIONS = 32;
// Of one round: seconds and deliveries under full load, deliveries one by one and seconds for them, milliseconds until the kill.
const PLAN = given.try ? { seconds: 20, most: 100, alone: 3, patience: 20, kill: [20, 20] } : { seconds: 0.8, most: 20_000, alone: 40, patience: 0.6, kill: [250, 600] };
const PAUSE = 2; // milliseconds between deliveries that are sent one by one
const POOL = given.try ? 50 : 500;

const sorted = (figures) => [...figures].sort((one, other) => one - other);
const quantile = (figures, part) => sorted(figures)[Math.round((figures.length - 1) * part)];
const median = (figures) => quantile(figures, 0.5);
const shuffled = (all) => all.map((one) => [Math.random(), one]).sort(([one], [other]) => one - other).map(([, one]) => one);
const grouped = (number) => Math.round(number).toLocaleString("en");
const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);

// Made once for each content of its source, and before anything is measured.
function buildLoad() {
  const source = join(HERE, "load.rs");
  const program = join(cache, `load-${createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 16)}`);
  if (existsSync(program)) return program;
  execFileSync("rustc", ["--edition", "2024", "-O", source, "-o", `${program}.part`], { stdio: ["ignore", 2, 2] });
  renameSync(`${program}.part`, program);
  return program;
}

async function measure(load, running, file, plan) {
  const { responses, seconds, broken } = await new Load(load, running.port, file, plan).report;
  const refused = responses.filter(([, , status]) => status < 200 || status > 299).length;
  if (refused > 0 || responses.length === 0) {
    throw new Error(`${running.neighbour.name}: ${refused} of ${responses.length} deliveries were refused: ${running.started.said}`);
  }
  return { rate: responses.length / seconds, answered: responses.length, broken, times: responses.map(([, took]) => took / 1000) };
}

async function speed(load, all, folder, upstream, size) {
  const file = join(folder, `pool-${size}`);
  writeFileSync(file, prepared(Array.from({ length: POOL }, (_, number) => body(number, size * 1000))));
  const running = [];
  for (const neighbour of all) running.push(await Running.start(neighbour, folder, upstream));
  const found = new Map(running.map((its) => [its, { rates: [], times: [], spent: 0, answered: 0, broken: 0 }]));
  const full = { connections: CONNECTIONS, seconds: PLAN.seconds, most: PLAN.most };
  for (let round = -1; round < rounds; round += 1) {
    // The first round only warms up. Each has an order of its own, so that nobody always comes after the same one.
    for (const its of shuffled(running)) {
      const alone = await measure(load, its, file, { connections: 1, seconds: PLAN.patience, most: PLAN.alone, pause: PAUSE });
      const before = its.processorTime();
      const loaded = await measure(load, its, file, full);
      await its.rest();
      if (round < 0) continue;
      const figures = found.get(its);
      figures.rates.push(loaded.rate);
      figures.times.push(...alone.times);
      figures.spent += its.processorTime() - before;
      for (const name of ["answered", "broken"]) figures[name] += loaded[name];
    }
  }
  console.log(`\n${size} KB, ${rounds} rounds: median (least–most)\n`);
  row("", "a second", "whyhook is", "processor time each", "one alone: median, p99");
  row("---", "---", "---", "---", "---");
  const own = found.get(running[0]).rates;
  for (const its of running) {
    const { rates, times, spent, answered, broken } = found.get(its);
    const factors = rates.map((rate, at) => own[at] / rate);
    const digits = median(factors) < 10 ? 1 : 0;
    const factor = its === running[0] ? "" : `${median(factors).toFixed(digits)} times as fast (${quantile(factors, 0).toFixed(digits)}–${quantile(factors, 1).toFixed(digits)})`;
    row(its.neighbour.name, `${grouped(median(rates))} (${grouped(quantile(rates, 0))}–${grouped(quantile(rates, 1))})`, factor,
      `${grouped((spent * 1000) / answered)} µs`, `${median(times).toFixed(2)}, ${quantile(times, 0.99).toFixed(1)} ms${broken ? `; ${broken} connections failed` : ""}`);
  }
  for (const its of running) {
    await its.kill();
    its.remove();
  }
}

// One round: killed under load, then what was answered is looked for. The load must still be under way, or nothing is learnt.
async function killed(load, neighbour, folder, upstream, file, bodies) {
  const running = await Running.start(neighbour, folder, upstream);
  const sending = new Load(load, running.port, file, { connections: CONNECTIONS, seconds: 10, most: bodies.length });
  await sending.begun;
  const [least, most] = PLAN.kill;
  await sleep(least + Math.random() * (most - least));
  await running.kill();
  const { responses, broken } = await sending.report;
  const answered = responses.filter(([, , status]) => status >= 200 && status <= 299).map(([number]) => number);
  // What webhook has started ends by itself.
  if (neighbour.name === "webhook") await sleep(100);
  const kept = whole(running.stored(), bodies, neighbour);
  running.remove();
  return { answered: answered.length, lost: answered.filter((number) => !kept.has(number)).length, underLoad: broken > 0 };
}

async function kill(load, all, folder, upstream) {
  const bodies = Array.from({ length: given.try ? 1000 : 20_000 }, (_, number) => body(number, 2000));
  const file = join(folder, "numbered");
  writeFileSync(file, prepared(bodies));
  console.log(`\nkill -9 under load, 2 KB, ${rounds} rounds\n`);
  row("", "answered", "of these lost", "lost in a round: most");
  row("---", "---", "---", "---");
  for (const neighbour of all) {
    const outcomes = [];
    for (let round = 0; round < rounds; round += 1) outcomes.push(await killed(load, neighbour, folder, upstream, file, bodies));
    const sum = (name) => outcomes.reduce((total, outcome) => total + outcome[name], 0);
    const idle = outcomes.filter(({ underLoad }) => !underLoad).length;
    row(neighbour.name, grouped(sum("answered")), `${grouped(sum("lost"))}${idle ? `; ${idle} rounds ended before the kill` : ""}`, grouped(Math.max(...outcomes.map(({ lost }) => lost))));
    if (neighbour.name === "whyhook" && sum("lost") > 0) process.exitCode = 1;
  }
}

mkdirSync(cache, { recursive: true });
const load = buildLoad();
if (!given.try) install(cache);
if (!parts.includes("install")) {
  const names = given.only?.split(",");
  const all = neighbours(resolve(given.whyhook), cache).filter(({ name }) => !names || names.includes(name));
  // Beside the cache, which is on a disk; the system's temporary folder may be in memory.
  const folder = mkdtempSync(join(cache, "run-"));
  try {
    const upstream = await freePort();
    const server = new Started([process.execPath, join(HERE, "upstream.mjs")], { PORT: upstream });
    await server.listening(upstream);
    if (parts.includes("speed")) for (const size of given.sizes.split(",")) await speed(load, all, folder, upstream, Number(size));
    if (parts.includes("kill")) await kill(load, all, folder, upstream);
    await server.kill();
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
