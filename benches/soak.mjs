// A long run of the real program with its interface drawn and driven by keys: mixed traffic, holds short
// and long, forwards, failures, replays, resets, bodies of 5 MB; every tab, the answer picker, the rules,
// simulations and checks sent by keys. Prints what the process uses and the latencies, and at the end the
// table for docs/performance.md. Linux only (/proc, script(1) for the terminal); nothing but Node is needed.
//
//   cargo build --release && node benches/soak.mjs target/release/whyhook 30
//
// It ends with 1, and says why in lines that begin with FAILED, when
// - an answer was not the one that was due, or none came;
// - a delivery that was answered is not in the store, or nothing that the keys send is;
// - memory at the end is beyond 1.2 times that of minute 5 (of a third of a shorter run) plus 20 MB;
// - more descriptors (30) or threads (8) are open than then;
// - the program ended by itself, or does not end when told to.
import { execFile, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

const [binary = "target/release/whyhook", minutes = "30"] = process.argv.slice(2);
const program = resolve(binary);
const MINUTES = Math.min(Number(minutes), 120);
const SAMPLE = MINUTES < 10 ? 10_000 : 60_000; // milliseconds
const SETTLED = Math.min(5, MINUTES / 3) * 60_000;
const LONG_HOLD = Math.min(60, Math.floor(MINUTES * 20)); // seconds
const RATE = 60; // deliveries a second
const SECRET = "a secret for a long run only";
const home = mkdtempSync(join(tmpdir(), "whyhook-soak-"));
const env = {
  PATH: process.env.PATH, HOME: home, TMPDIR: home, TERM: "xterm-256color", COLORTERM: "truecolor", LANG: "C.UTF-8",
  TRACKPILOTS_WEBHOOKS_SECRET_KEY: SECRET,
};

// The server behind: it verifies as the documentation shows.
const behind = http.createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const signed = `${request.headers["x-webhook-timestamp"]}.`;
    const right = createHmac("sha256", SECRET).update(signed).update(Buffer.concat(pieces)).digest("hex");
    response.writeHead(right === request.headers["x-webhook-signature"] ? 200 : 401).end("behind");
  });
});
await new Promise((listening) => behind.listen(0, "127.0.0.1", listening));

// A build for people panics on nobody's request (src/panic.rs).
if (program.includes("/release/") && readFileSync(program).includes("WHYHOOK_DEBUG_PANIC")) {
  throw new Error("this is a debug build, or a trap is left in a release build");
}

const port = await freePort();
const rules = [
  `path:/long → hold ${LONG_HOLD}s else 203 "held very long"`,
  `path:/held → hold 1500ms else 202 "held long enough"`,
  `path:/forwarded → forward http://127.0.0.1:${behind.address().port}`,
  `path:/failing → fail 2 per event with 503 then 200`,
  `path:/slow → wait 50ms..150ms 200`,
  `path:/trickled → trickle 5 per 20ms 200`,
  `path:/cut → drop after head 200`,
];
const store = join(home, "soak.db");
const command = [program, "--store", store, "listen", "--bind", `127.0.0.1:${port}`,
  ...rules.flatMap((rule) => ["--respond", rule])];
const quoted = command.map((part) => `'${part}'`).join(" ");
// script(1) gives it a terminal; what it draws is thrown away.
const face = spawn("script", ["-qfec", `stty rows 50 cols 160; exec ${quoted}`, "/dev/null"], { env, stdio: ["pipe", "ignore", "inherit"] });
let ended = false;
face.on("exit", () => { ended = true; });
await reachable();
const pid = childOf(face.pid);

const base = {
  app: readFileSync(new URL("../assets/samples/app.json", import.meta.url)),
  screenshot: readFileSync(new URL("../assets/samples/screenshot-live.json", import.meta.url)),
};
const large = Buffer.from(JSON.stringify({
  event: "desktop.screenshot_tracking.captured", version: "v1", agent: "desktop-agent", timestamp: Date.now(),
  data: [{ screenshot: { screenshotId: randomUUID(), imageBuffer: Buffer.alloc(34_000, 0xd8).toString("base64") } }],
}));
const huge = Buffer.from(JSON.stringify({
  event: "desktop.screenshot_tracking.captured", version: "v1", agent: "desktop-agent", timestamp: Date.now(),
  data: Array.from({ length: 40 }, () => ({ screenshot: { screenshotId: randomUUID(), imageBuffer: Buffer.alloc(94_000, 0xd8).toString("base64") } })),
}));
const hugeGzipped = gzipSync(huge);
const kinds = [
  { name: "right", path: "/webhooks/trackpilots", body: () => base.app, due: 200 },
  { name: "45 KB", path: "/webhooks/trackpilots", body: () => large, due: 200 },
  { name: "wrong", path: "/webhooks/trackpilots", body: () => base.screenshot, secret: "another", due: 401 },
  { name: "gzip", path: "/webhooks/trackpilots", body: () => gzipSync(base.screenshot), due: 200 },
  { name: "unsigned", path: "/webhooks/trackpilots", body: () => base.app, unsigned: true, due: 400 },
  { name: "slow", path: "/slow", body: () => base.app, due: 200 },
  { name: "failing", path: "/failing", body: () => base.app, due: [503, 200] },
  { name: "trickled", path: "/trickled", body: () => base.app, due: 200 },
  { name: "cut", path: "/cut", body: () => base.app, due: "cut" },
  { name: "forwarded", path: "/forwarded", body: () => base.screenshot, due: 200 },
  { name: "held", path: "/held", body: () => base.app, due: 202, every: 40 },
  { name: "held long", path: "/long", body: () => base.app, due: 203, every: 200 },
  { name: "5 MB", path: "/webhooks/trackpilots", body: () => huge, due: 200, every: 40 },
  { name: "5 MB gzipped", path: "/webhooks/trackpilots", body: () => hugeGzipped, due: 200, every: 60 },
  { name: "reset", reset: true, every: 5 },
];
const agent = new http.Agent({ keepAlive: true, maxSockets: 200 });
let [sent, under, resets] = [0, 0, 0];
const failures = [];
const fail = (words) => { failures.push(words); console.log(`FAILED ${words}`); };
let latencies = [];

function deliver(kind) {
  under += 1;
  const body = kind.body();
  const timestamp = String(Math.floor(Date.now() / 1000));
  const headers = { "Content-Type": "application/json", "Content-Length": body.length };
  if (!kind.unsigned) {
    headers["X-Webhook-Timestamp"] = timestamp;
    headers["X-Webhook-Signature"] =
      createHmac("sha256", kind.secret ?? SECRET).update(`${timestamp}.`).update(body).digest("hex");
  }
  const start = performance.now();
  const done = (came) => {
    under -= 1;
    sent += 1;
    if (kind.name === "right") latencies.push(performance.now() - start);
    if (![kind.due].flat().includes(came)) {
      fail(`${kind.name}: ${came} came, ${kind.due} was due`);
    }
  };
  let settled = false;
  const once = (came) => { if (!settled) { settled = true; done(came); } };
  const request = http.request({ host: "127.0.0.1", port, path: kind.path, method: "POST", agent, headers }, (response) => {
    response.on("data", () => {});
    response.on("end", () => once(response.complete ? response.statusCode : "cut"));
    response.on("error", () => once("cut"));
  });
  request.on("error", (error) => once(kind.due === "cut" ? "cut" : error.code));
  request.end(body);
}

// A sender that goes away with a reset: within the head, within the body, or while it is held.
function reset() {
  const stage = resets++ % 3;
  const head = `POST ${stage === 2 ? "/held" : "/webhooks/trackpilots"} HTTP/1.1\r\nHost: x\r\nContent-Length: ${base.app.length}\r\n`;
  const bytes = stage === 0 ? head : stage === 1 ? `${head}\r\n${base.app.subarray(0, 50)}` : `${head}\r\n${base.app}`;
  const socket = net.connect(port, "127.0.0.1", () => socket.write(bytes, () => setTimeout(() => socket.resetAndDestroy(), 100)));
  socket.on("error", () => {});
}

function usage() {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const number = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]);
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return {
    memory: number("VmRSS") / 1024, most: number("VmHWM") / 1024, threads: number("Threads"),
    descriptors: readdirSync(`/proc/${pid}/fd`).length, seconds: (Number(stat[11]) + Number(stat[12])) / 100,
  };
}

// Each as a terminal sends it, a quarter of a second apart; Esc alone, or it would be Alt with what follows.
const keys = [
  ...["j", "j", "k", "\t", "\t", "1", "2", "3", "4", "5", "6", "7", "f", "G", "g", "\r", "j", "\x1b"],
  // Payload: folds, a search, a query, as sent. Image: the picture, segments, a search.
  ...["3", "\r", "zm", "zr", "z2", "/scr\r", "n", "\x1b", "|.event\r", "\x1b", "r", "G", "r", "\x1b", "\x1b"],
  ...["4", "\r", "v", "]", "]", "/ff d8\r", "\x1b", "v", "\x1b"],
  ...["/is:live\r", "\x1b", "?", "G", "\x1b", "I", "\x1b", ":tab\r", "m", "k", "D", "\x1b", "\x1b"],
  // The answer picker and the rules, looked at: a choice would answer others.
  ...["a", "j", "j", "J", "k", "\x1b", "r", "j", "\x1b", "6", "B", "\x1b"],
  // Sent to this listener: a test event, a simulation, a check.
  ...["T", "\x1b", "E", "\r", "\x1b", "\x1b", "C", `\x15http://127.0.0.1:${port}/checked\r`, "j", "j", "\x1b", "\x1b", "P", "\x1b", "\x1b", "f"],
];
let key = 0;
const typing = setInterval(() => { if (!ended) face.stdin.write(keys[key++ % keys.length]); }, 250);
const replaying = setInterval(() => {
  execFile(program, ["--store", store, "replay", "latest", "--resign", "--to", `http://127.0.0.1:${behind.address().port}`], { env }, (error, out, said) => {
    // A delivery that is no whole request, or that the server refuses, is no fault of a replay.
    if (error && error.code > 1) fail(`replay: ${said.trim()}`);
  });
}, 5000);

const samples = [];
const begin = Date.now();
let [count, tick] = [0, 0];
while (!ended && Date.now() - begin < MINUTES * 60_000) {
  const due = Math.floor(((Date.now() - begin) / 1000) * RATE);
  while (count < due && under < 150) {
    const kind = kinds[count % kinds.length];
    if (!kind.every || Math.floor(count / kinds.length) % kind.every === 0) kind.reset ? reset() : deliver(kind);
    count += 1;
  }
  if (under >= 150) count = Math.max(count, due);
  if (Date.now() - begin >= tick * SAMPLE) {
    samples.push(report());
    tick += 1;
  }
  await new Promise((later) => setTimeout(later, 10));
}
clearInterval(typing);
clearInterval(replaying);
if (ended) fail("the program ended by itself");
// Whoever is held longest is answered within its time.
for (let waited = 0; under > 0 && !ended; waited += 50) {
  if (waited > (LONG_HOLD + 30) * 1000) { fail(`${under} deliveries have no answer`); break; }
  await new Promise((later) => setTimeout(later, 50));
}
if (!ended) samples.push(report());
for (const key of ["\x1b", "\x1b", "\x1b", "q"]) {
  if (!ended) face.stdin.write(key);
  await new Promise((later) => setTimeout(later, 300));
}
for (let waited = 0; !ended && waited < 5000; waited += 50) await new Promise((later) => setTimeout(later, 50));
if (!ended) {
  fail("it does not end when told to");
  process.kill(pid, "SIGTERM");
}
behind.close();
const kept = await countOf([]);
if (kept < sent) fail(`${sent} were answered, ${kept} are in the store`);
// Nobody but the keys sends these.
const [simulated, checked] = [await countOf(["event:screenshot is:sim"]), await countOf(["path:/checked"])];
if (MINUTES >= 1 && (simulated === 0 || checked === 0)) fail(`the keys sent ${simulated} simulations and ${checked} deliveries of a check`);
rmSync(home, { recursive: true, force: true });

const settled = samples.find((sample) => sample.at >= SETTLED) ?? samples[0];
const last = samples.at(-1);
const bound = settled.memory * 1.2 + 20;
if (last.memory > bound) fail(`memory has grown from ${settled.memory.toFixed(1)} to ${last.memory.toFixed(1)} MB, beyond ${bound.toFixed(1)}`);
if (last.descriptors > settled.descriptors + 30) fail(`descriptors have grown from ${settled.descriptors} to ${last.descriptors}`);
if (last.threads > settled.threads + 8) fail(`threads have grown from ${settled.threads} to ${last.threads}`);

console.log(`\n${sent} deliveries answered, ${failures.length} failures, ${resets} resets, ${simulated} simulations and ${checked} of checks, ${kept} in the store\n`);
console.log("| minute | memory | most | threads | descriptors | processor | answered | median | p99 |");
console.log("|---|---|---|---|---|---|---|---|---|");
const every = Math.max(1, Math.floor(samples.length / 7));
for (const sample of samples.filter((sample, index) => index % every === 0 || [settled, last].includes(sample))) {
  const { at, memory, most, threads, descriptors, seconds, answered, median, p99 } = sample;
  console.log(
    `| ${(at / 60_000).toFixed(1)} | ${memory.toFixed(1)} MB | ${most.toFixed(1)} MB | ${threads} | ${descriptors} | ` +
    `${seconds.toFixed(0)} s | ${answered} | ${median.toFixed(1)} ms | ${p99.toFixed(1)} ms |`,
  );
}
process.exit(failures.length > 0 ? 1 : 0);

function countOf(filter) {
  return new Promise((counted) => {
    const list = spawn(program, ["--store", store, "list", ...filter, "--format", "json"], { env, stdio: ["ignore", "pipe", "inherit"] });
    let lines = 0;
    list.stdout.on("data", (bytes) => { for (const byte of bytes) if (byte === 10) lines += 1; });
    list.on("close", () => counted(lines));
  });
}

function report() {
  latencies.sort((a, b) => a - b);
  const part = (part) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))] ?? 0;
  const now = { ...usage(), at: Date.now() - begin, answered: sent, median: part(0.5), p99: part(0.99) };
  console.log(
    `minute ${(now.at / 60_000).toFixed(1).padStart(4)}: ${now.memory.toFixed(1)} MB (${now.most.toFixed(1)} at most), ${now.threads} threads, ` +
    `${now.descriptors} descriptors, ${now.seconds.toFixed(0)} s of processor; ${sent} answered; ` +
    `right ones median ${now.median.toFixed(1)} ms, p99 ${now.p99.toFixed(1)} ms`,
  );
  latencies = [];
  return now;
}

function childOf(parent) {
  // script(1) starts a shell, which exec turns into the program.
  const find = (of) => readFileSync(`/proc/${of}/task/${of}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  let at = parent;
  while (!readFileSync(`/proc/${at}/cmdline`, "utf8").startsWith(program)) {
    const next = find(at)[0];
    if (!next) throw new Error("the program is not running");
    at = next;
  }
  return at;
}

async function reachable() {
  for (let tries = 0; tries < 200 && !ended; tries += 1) {
    const is = await new Promise((answer) => {
      const request = http.get({ host: "127.0.0.1", port, path: "/there", agent: false }, (response) => { response.resume(); answer(true); });
      request.on("error", () => answer(false));
    });
    if (is) return;
    await new Promise((later) => setTimeout(later, 50));
  }
  throw new Error("whyhook did not begin to listen");
}

function freePort() {
  return new Promise((found) => {
    const server = http.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}
