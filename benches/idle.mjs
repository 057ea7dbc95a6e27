// What the program does while nothing happens: processor time and wake-ups of every thread, as by default, with a
// configuration file, with its interface in a terminal, and beside ngrok's agent (a stand-in); all of them at once. Linux only
// (/proc, script(1) for the terminal); nothing but Node is needed. It fails where one wakes more than once a minute, or takes
// more than a hundredth of a second a minute.
//
//   cargo build --release && node benches/idle.mjs target/release/whyhook 600 300
//
// The second number is how many seconds pass before it is measured: in its first minutes it still looks around, less and less
// often. Wake-ups do not depend on how fast the build or the machine is: a debug build shows the same number.
import { createServer } from "node:http";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [binary = "target/release/whyhook", seconds = "600", settle = "300"] = process.argv.slice(2);
const program = resolve(binary);
const WAIT = Number(seconds) * 1000; // milliseconds
const SETTLE = Number(settle) * 1000;

const sleep = (time) => new Promise((done) => setTimeout(done, time));

function threads(pid) {
  const found = new Map();
  for (const id of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${id}/status`, "utf8");
    const number = (name) => Number(status.match(new RegExp(`^${name}:\\s+(\\d+)`, "m"))[1]);
    const name = readFileSync(`/proc/${pid}/task/${id}/comm`, "utf8").trim();
    found.set(id, { name, voluntary: number("voluntary_ctxt_switches"), forced: number("nonvoluntary_ctxt_switches") });
  }
  return found;
}

function ticks(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  return Number(stat[11]) + Number(stat[12]);
}

function programBelow(pid) {
  // script(1) starts a shell, which exec turns into the program.
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8").split(") ").at(-1).split(" ");
      if (Number(stat[1]) === pid) return Number(entry);
    } catch { /* It has ended meanwhile. */ }
  }
  throw new Error("the program did not start");
}

async function measure(name, start, { config = false, agent = null, port = 0 } = {}) {
  const home = mkdtempSync(join(tmpdir(), "whyhook-idle-"));
  if (config) writeFileSync(join(home, "whyhook.toml"), "[[rules]]\nwhen = \"event:app\"\nthen = \"202\"\n");
  const env = { PATH: process.env.PATH, HOME: home, TMPDIR: home, TERM: "xterm-256color", LANG: "C.UTF-8",
    TRACKPILOTS_WEBHOOKS_SECRET_KEY: "a secret for this run only" };
  if (agent) env.WHYHOOK_NGROK_API = agent;
  const command = [program, "--store", join(home, "idle.db"), "listen", "--bind", `127.0.0.1:${port}`];
  const { child, pid } = await start(command, { cwd: home, env });
  try {
    await sleep(SETTLE);
    const [before, spent] = [threads(pid), ticks(pid)];
    await sleep(WAIT);
    const [after, took] = [threads(pid), ticks(pid) - spent];
    let [voluntary, forced] = [0, 0];
    const woken = [];
    for (const [id, now] of after) {
      const then = before.get(id) ?? { voluntary: 0, forced: 0 };
      const times = now.voluntary - then.voluntary;
      voluntary += times;
      forced += now.forced - then.forced;
      if (times > 0) woken.push(`${now.name} ${times}`);
    }
    const minutes = WAIT / 60_000;
    // One at either end of the time may belong to the minute outside.
    const isIdle = voluntary <= Math.ceil(minutes) + 1 && took <= Math.max(1, minutes);
    console.log(`${name}, ${seconds} s: ${took} ticks of the processor, ${voluntary} wake-ups, ${forced} times displaced${isIdle ? "" : "  TOO MUCH"}`);
    console.log(`  ${after.size} threads; woken: ${woken.join(", ") || "none"}`);
    return isIdle;
  } finally {
    process.kill(pid, "SIGTERM");
    await new Promise((done) => (child.exitCode === null ? child.on("exit", done) : done()));
    rmSync(home, { recursive: true, force: true });
  }
}

async function headless(command, options) {
  const child = spawn(command[0], [...command.slice(1), "--headless"], { ...options, stdio: "ignore" });
  return { child, pid: child.pid };
}

async function face(command, options) {
  const quoted = command.map((part) => `'${part}'`).join(" ");
  const child = spawn("script", ["-qfec", `stty rows 50 cols 160; exec ${quoted}`, "/dev/null"], { ...options, stdio: ["pipe", "ignore", "inherit"] });
  await sleep(2000);
  return { child, pid: programBelow(child.pid) };
}

// What ngrok's agent answers of a tunnel to this port.
const listen = (server, port) => new Promise((done) => server.listen(port, "127.0.0.1", () => done(server.address().port)));
const free = createServer();
const port = await listen(free, 0);
await new Promise((done) => free.close(done));
let asked = 0;
const agent = createServer((request, response) => {
  asked += 1;
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ endpoints: [{ url: "https://a.ngrok.app", upstream: { url: `http://localhost:${port}` } }] }));
});
const at = `127.0.0.1:${await listen(agent, 0)}`;

const all = await Promise.all([
  measure("headless, as by default", headless),
  measure("headless, with a configuration file", headless, { config: true }),
  measure("interface, with a configuration file", face, { config: true }),
  measure("headless, beside ngrok's agent", headless, { agent: at, port }),
]);
console.log(`the agent was asked ${asked} times`);
agent.close();
process.exitCode = all.every(Boolean) ? 0 : 1;
