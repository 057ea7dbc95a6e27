// What is compared: how each is installed and started, as its own documentation says, and where it keeps what it received.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SECRET } from "./deliveries.mjs";

export const HERE = dirname(fileURLToPath(import.meta.url));

export function onPath(program) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"];
  return folders.map((folder) => join(folder, program)).find(existsSync);
}

// Installs from npm and PyPI what is not in the cache yet, in the versions that the files beside this name.
export function install(cache) {
  mkdirSync(cache, { recursive: true });
  const once = (folder, wanted, work) => {
    const note = join(folder, "installed.txt");
    if (existsSync(note) && readFileSync(note, "utf8") === wanted) return;
    mkdirSync(folder, { recursive: true });
    work();
    writeFileSync(note, wanted);
  };
  const run = (program, ...given) => execFileSync(program, given, { stdio: ["ignore", 2, 2] });
  const npm = join(cache, "npm");
  const dependencies = readFileSync(join(HERE, "package.json"), "utf8");
  once(npm, dependencies, () => {
    writeFileSync(join(npm, "package.json"), dependencies);
    run("npm", "install", "--prefix", npm, "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error");
  });
  for (const [name, file] of [["python", "requirements.txt"], ["mitmproxy", "requirements-mitmproxy.txt"]]) {
    const folder = join(cache, name);
    once(folder, readFileSync(join(HERE, file), "utf8"), () => {
      run("python3", "-m", "venv", folder);
      run(join(folder, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", "-r", join(HERE, file));
    });
  }
  for (const [program, its] of [["webhook", "webhook"], ["json2file-go", "json2file-go"], ["script", "bsdutils"]]) {
    if (!onPath(program)) console.error(`${program} is missing and will be left out: apt-get install ${its}`);
  }
}

const lines = (text) => text.split("\n");
const files = (folder) => readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
const python = (venv, ...given) =>
  lines(execFileSync(join(venv, "bin", "python"), [join(HERE, "stored.py"), ...given], { encoding: "utf8", maxBuffer: 2 ** 30 }));

// `start({ port, home, upstream })` gives the command and its environment; `stored(home)` the bodies that are kept there; `needs` is a
// file without which it is left out. `home` is a new folder for each start.
export function neighbours(whyhook, cache) {
  const venv = join(cache, "python");
  const mitmproxy = join(cache, "mitmproxy");
  const own = (home) => join(home, "deliveries.jsonl");
  const node = (script, mode = "") => ({
    needs: process.execPath,
    start: ({ port, home }) => ({
      command: [process.execPath, join(HERE, script)],
      env: { PORT: port, SECRET, FILE: own(home), MODULES: join(cache, "npm"), MODE: mode, NODE_ENV: "production" },
    }),
    stored: (home) => lines(readFileSync(own(home), "utf8")),
  });
  return [
    {
      name: "whyhook", needs: whyhook,
      start: ({ port, home }) => ({
        command: [whyhook, "--store", join(home, "kept.db"), "listen", "--headless", "--scheme", "github", "--bind", `127.0.0.1:${port}`],
        env: { GITHUB_WEBHOOK_SECRET: SECRET },
      }),
      stored: (home) => lines(execFileSync(whyhook, ["--store", join(home, "kept.db"), "export", "--as", "json"],
        { encoding: "utf8", maxBuffer: 2 ** 30, env: { HOME: home } })).filter(Boolean).map((line) => JSON.parse(line))
        .filter(({ verdict }) => verdict === "verified").map(({ body }) => body),
    },
    { name: "Node (stream)", ...node("node.mjs", "stream") },
    { name: "Node (appendFile)", ...node("node.mjs", "appendFile") },
    { name: "Express", ...node("express.mjs"), needs: join(cache, "npm", "node_modules", "express") },
    {
      name: "FastAPI", needs: join(venv, "bin", "fastapi"),
      start: ({ port, home }) => ({
        command: [join(venv, "bin", "fastapi"), "run", "--host", "127.0.0.1", "--port", port, join(HERE, "fastapi_app.py")],
        env: { SECRET, FILE: own(home), PYTHONDONTWRITEBYTECODE: "1" },
      }),
      stored: (home) => lines(readFileSync(own(home), "utf8")),
    },
    {
      name: "mitmdump", needs: join(mitmproxy, "bin", "mitmdump"),
      start: ({ port, home, upstream }) => ({
        command: [join(mitmproxy, "bin", "mitmdump"), "--mode", `reverse:http://127.0.0.1:${upstream}`, "--listen-host", "127.0.0.1",
          "--listen-port", port, "-w", join(home, "flows"), "--set", `confdir=${home}`],
        env: {},
      }),
      stored: (home) => python(mitmproxy, "flows", join(home, "flows")),
    },
    {
      name: "webhook-replay", needs: join(venv, "bin", "webhook-replay"),
      start: ({ port, home }) => ({
        command: [join(venv, "bin", "webhook-replay"), "--db", join(home, "captures.db"), "serve", "--port", port, "--max-captures", "0"],
        env: {},
      }),
      stored: (home) => python(venv, "sqlite", join(home, "captures.db")),
    },
    {
      name: "webhook", needs: onPath("webhook"),
      start: ({ port, home }) => {
        const kept = join(home, "kept");
        mkdirSync(kept);
        const hooks = join(home, "hooks.json");
        writeFileSync(hooks, JSON.stringify([{
          id: "github", "execute-command": join(HERE, "keep.sh"),
          // So that its response means that the command has ended.
          "include-command-output-in-response": true,
          "pass-file-to-command": [{ source: "raw-request-body", envname: "BODY" }],
          "trigger-rule": { match: { type: "payload-hmac-sha256", secret: SECRET, parameter: { source: "header", name: "X-Hub-Signature-256" } } },
        }]));
        return {
          command: [onPath("webhook"), "-hooks", hooks, "-ip", "127.0.0.1", "-port", port, "-verbose"],
          env: { FILE: kept, TMPDIR: home },
        };
      },
      stored: (home) => files(join(home, "kept")),
    },
    {
      name: "json2file-go", needs: onPath("json2file-go"), reserialised: true,
      start: ({ port, home }) => ({
        command: [onPath("json2file-go")],
        env: { J2F_BASEDIR: home, J2F_DIRLIST: `github:${SECRET}`, J2F_URL_PREFIX: "/hooks", J2F_BIND: `127.0.0.1:${port}` },
      }),
      stored: (home) => files(join(home, "github")),
    },
    {
      // An interface, which needs a terminal: script(1) is one.
      name: "capstan", needs: onPath("script") && join(venv, "bin", "capstan"), inTerminal: true,
      start: ({ port }) => ({
        command: ["script", "-qfec", `stty rows 24 cols 80; exec '${join(venv, "bin", "capstan")}' --port ${port}`, "/dev/null"],
        env: { TERM: "xterm-256color" },
      }),
      stored: () => [], // in its memory alone
    },
  ].filter(({ needs }) => needs && existsSync(needs));
}
