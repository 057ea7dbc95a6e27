// What the program does while nothing happens: processor time and wake-ups of every thread, headless and with its
// interface in a terminal, with a configuration file and no tunnel, as by default. Linux only (/proc, script(1) for the
// terminal); nothing but Node is needed.
//
//   cargo build --release && node benches/idle.mjs target/release/whyhook 60
//
// Wake-ups do not depend on how fast the build or the machine is: a debug build shows the same number.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [binary = "target/release/whyhook", seconds = "60"] = process.argv.slice(2);
const program = resolve(binary);
const WAIT = Number(seconds) * 1000; // milliseconds
const SETTLE = 10_000; // beyond what the start puts off

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

async function measure(name, start) {
  const home = mkdtempSync(join(tmpdir(), "whyhook-idle-"));
  writeFileSync(join(home, "whyhook.toml"), "[[rules]]\nwhen = \"event:app\"\nthen = \"202\"\n");
  const options = {
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: home, TERM: "xterm-256color", LANG: "C.UTF-8",
      TRACKPILOTS_WEBHOOKS_SECRET_KEY: "a secret for this run only" },
  };
  const command = [program, "--store", join(home, "idle.db"), "listen", "--bind", "127.0.0.1:0"];
  const { child, pid } = await start(command, options);
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
    console.log(`${name}, ${seconds} s: ${took} ticks of the processor, ${voluntary} wake-ups, ${forced} times displaced`);
    console.log(`  ${after.size} threads; woken: ${woken.join(", ") || "none"}`);
  } finally {
    process.kill(pid, "SIGTERM");
    await new Promise((done) => (child.exitCode === null ? child.on("exit", done) : done()));
    rmSync(home, { recursive: true, force: true });
  }
}

await measure("headless", async (command, options) => {
  const child = spawn(command[0], [...command.slice(1), "--headless"], { ...options, stdio: "ignore" });
  return { child, pid: child.pid };
});
await measure("interface", async (command, options) => {
  const quoted = command.map((part) => `'${part}'`).join(" ");
  const child = spawn("script", ["-qfec", `stty rows 50 cols 160; exec ${quoted}`, "/dev/null"], { ...options, stdio: ["pipe", "ignore", "inherit"] });
  await sleep(2000);
  return { child, pid: programBelow(child.pid) };
});
