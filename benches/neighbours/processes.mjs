// Starting, measuring and ending the programs that are compared. Linux only (/proc).
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, connect } from "node:net";
import { join } from "node:path";

const PATIENCE = 30_000; // milliseconds
const REST = 5_000; // milliseconds
export const sleep = (time) => new Promise((done) => setTimeout(done, time));

export function freePort() {
  return new Promise((done) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

const accepts = (port) => new Promise((done) => {
  const socket = connect(port, "127.0.0.1");
  socket.on("connect", () => { socket.destroy(); done(true); }).on("error", () => done(false));
});

// A process of ours: what is still running when this script ends is killed.
export class Started {
  static all = new Set();

  constructor(command, env) {
    const common = { PATH: `${process.env.PATH}:/usr/sbin`, LANG: "C.UTF-8" };
    this.child = spawn(command[0], command.slice(1).map(String), { env: { ...common, ...env }, cwd: env.HOME, stdio: ["pipe", "ignore", "pipe"] });
    this.said = "";
    this.child.stderr.on("data", (part) => { this.said = (this.said + part).slice(-2000); });
    this.child.on("error", (error) => { this.said += error; });
    this.ended = new Promise((done) => this.child.on("close", done));
    Started.all.add(this);
  }

  async listening(port) {
    const until = Date.now() + PATIENCE;
    while (!await accepts(port)) {
      if (this.child.exitCode !== null || Date.now() > until) throw new Error(`${this.child.spawnargs[0]} does not listen: ${this.said}`);
      await sleep(20);
    }
  }

  // The program itself: of one in a terminal, the only process below script(1).
  pid(inTerminal = false) {
    const own = this.child.pid;
    if (!inTerminal) return own;
    return Number(readFileSync(`/proc/${own}/task/${own}/children`, "utf8").trim().split(" ")[0]) || own;
  }

  async kill(inTerminal = false) {
    if (this.child.exitCode === null && this.child.signalCode === null) process.kill(this.pid(inTerminal), "SIGKILL");
    if (inTerminal) this.child.kill("SIGKILL");
    await this.ended;
    Started.all.delete(this);
  }
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));
process.on("exit", () => { for (const { child } of Started.all) child.kill("SIGKILL"); });

// Processor time of a process and of its children that have ended, in milliseconds (ticks of 10 ms).
export function processorTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * 10;
}

// A neighbour that listens, with a folder of its own.
export class Running {
  static async start(neighbour, folder, upstream) {
    const running = new Running();
    running.neighbour = neighbour;
    running.home = mkdtempSync(join(folder, "home-"));
    running.port = await freePort();
    const { command, env } = neighbour.start({ port: running.port, home: running.home, upstream });
    running.started = new Started(command, { HOME: running.home, ...env });
    await running.started.listening(running.port);
    return running;
  }

  processorTime() { return processorTime(this.started.pid(this.neighbour.inTerminal)); }

  // Waits until it has done what is left to do after its responses, such as drawing a list: in the next one's turn it would take a
  // processor away. At rest is what uses no more than a tick in 100 ms.
  async rest() {
    const until = Date.now() + REST;
    for (let before = -Infinity, now = this.processorTime(); now - before > 10 && Date.now() < until; now = this.processorTime()) {
      before = now;
      await sleep(100);
    }
  }

  kill() { return this.started.kill(this.neighbour.inTerminal); }
  stored() { return this.neighbour.stored(this.home); }
  remove() { rmSync(this.home, { recursive: true, force: true }); }
}

// What load.rs reports: `answered` by number, microseconds and status.
export class Load {
  constructor(program, port, file, { connections, seconds, most, pause = 0 }) {
    const given = [`127.0.0.1:${port}`, file, connections, seconds, most, pause].map(String);
    const child = spawn(program, given, { stdio: ["ignore", "pipe", "inherit"] });
    const entry = { child };
    Started.all.add(entry);
    let out = "";
    this.begun = new Promise((done) => child.stdout.on("data", (part) => { out += part; done(); }).on("end", done));
    this.report = new Promise((done, failed) => child.on("close", (code) => {
      Started.all.delete(entry);
      const rows = out.split("\n").slice(1, -1);
      const [, took, broken] = (rows.pop() ?? "").split(" ").map(Number);
      if (code !== 0 || !(took >= 0)) return failed(new Error(`the load failed on port ${port}`));
      done({ responses: rows.map((row) => row.split(" ").map(Number)), seconds: took, broken });
    }));
  }
}
