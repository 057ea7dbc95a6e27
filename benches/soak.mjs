// A long run of the real program with its interface drawn and driven by keys: mixed traffic, holds,
// forwards, failures, replays. Prints what the process uses, once a minute, and the latencies of each
// minute. Linux only (/proc, script(1) for the terminal); nothing but Node is needed.
//
//   cargo build --release && node benches/soak.mjs target/release/whyhook 30
//
// It ends with 1 when an answer was not the one that was due, or when memory, descriptors or threads at
// the end are beyond what they were after the first minutes.
import { execFile, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

const [binary = "target/release/whyhook", minutes = "30"] = process.argv.slice(2);
const program = resolve(binary);
const MINUTES = Math.min(Number(minutes), 120);
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

const port = await freePort();
const rules = [
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
];
const agent = new http.Agent({ keepAlive: true, maxSockets: 200 });
let [sent, wrong, under] = [0, 0, 0];
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
      wrong += 1;
      console.log(`! ${kind.name}: ${came} came, ${kind.due} was due`);
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

function usage() {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const number = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]);
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return {
    memory: number("VmRSS") / 1024, threads: number("Threads"),
    descriptors: readdirSync(`/proc/${pid}/fd`).length, seconds: (Number(stat[11]) + Number(stat[12])) / 100,
  };
}

const keys = ["j", "j", "k", "\t", "\t", "1", "2", "3", "4", "5", "6", "7", "f", "G", "g", "\r", "j", "z3", "\x1b", "/live\r", "\x1b", "?", "\x1b", "f"];
let key = 0;
const typing = setInterval(() => { if (!ended) face.stdin.write(keys[key++ % keys.length]); }, 250);
const replaying = setInterval(() => {
  execFile(program, ["--store", store, "replay", "latest", "--resign", "--to", `http://127.0.0.1:${behind.address().port}`], { env }, (error, out, said) => {
    // A delivery that is no whole request, or that the server refuses, is no fault of a replay.
    if (error && error.code > 1) { wrong += 1; console.log(`! replay: ${said.trim()}`); }
  });
}, 5000);

const samples = [];
const begin = Date.now();
let [count, tick] = [0, 0];
while (!ended && Date.now() - begin < MINUTES * 60_000) {
  const due = Math.floor(((Date.now() - begin) / 1000) * RATE);
  while (count < due && under < 150) {
    const kind = kinds[count % kinds.length];
    if (!kind.every || Math.floor(count / kinds.length) % kind.every === 0) deliver(kind);
    count += 1;
  }
  if (under >= 150) count = Math.max(count, due);
  if (Date.now() - begin >= tick * 60_000) {
    samples.push(report(tick));
    tick += 1;
  }
  await new Promise((later) => setTimeout(later, 10));
}
clearInterval(typing);
clearInterval(replaying);
while (under > 0) await new Promise((later) => setTimeout(later, 50));
if (!ended) samples.push(report(tick));
face.stdin.write("\x1b\x1bq");
await Promise.race([new Promise((gone) => face.on("exit", gone)), new Promise((late) => setTimeout(late, 5000))]);
if (!ended) process.kill(pid, "SIGTERM");
behind.close();
rmSync(home, { recursive: true, force: true });

const settled = samples[Math.min(2, samples.length - 1)];
const last = samples.at(-1);
const grown = last.memory > settled.memory * 1.5 + 20 || last.descriptors > settled.descriptors + 50 || last.threads > settled.threads + 8;
console.log(`${sent} deliveries answered, ${wrong} not as due; memory, descriptors or threads have ${grown ? "" : "not "}grown`);
process.exit(wrong > 0 || grown ? 1 : 0);

function report(minute) {
  const now = usage();
  latencies.sort((a, b) => a - b);
  const at = (part) => (latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))] ?? 0).toFixed(1);
  console.log(
    `minute ${String(minute).padStart(2)}: ${now.memory.toFixed(1)} MB, ${now.threads} threads, ${now.descriptors} descriptors, ` +
    `${now.seconds.toFixed(0)} s of processor; ${sent} answered; right ones median ${at(0.5)} ms, p99 ${at(0.99)} ms`,
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
