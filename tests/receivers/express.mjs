// A receiver in Express 4 or 5, correct or with one mistake.
//   node express.mjs express4|express5 MODE
import crypto, { timingSafeEqual } from "node:crypto";
import { documented, framework, hex, hmac, mode, path, require, same, secret, status } from "./node.mjs";

const express = require(framework);
const app = express();
const raw = (options) => express.raw({ type: "*/*", limit: "64mb", ...options });
const json = (options) => express.json({ limit: "64mb", ...options });
const headers = (req) => [req.get("X-Webhook-Signature"), req.get("X-Webhook-Timestamp")];

// A handler that verifies what `body` makes of the request.
const verifying = (body, key) => (req, res) => {
  const [signature, timestamp] = headers(req);
  res.sendStatus(status(signature, timestamp, () => hex(timestamp, body(req), key)));
};
// One that does with the headers and the raw body what `answer` says.
const answering = (answer) => (req, res) => res.sendStatus(answer(...headers(req), req.body));

// The parser, if any, and the handler of each receiver.
const receivers = {
  // Correct ones, in other ways than the documentation's.
  "verify-hook": [json({ verify: (req, _res, bytes) => void (req.rawBody = bytes) }), verifying((req) => req.rawBody)],
  text: [express.text({ type: "*/*", limit: "64mb" }), verifying((req) => req.body)],
  "parse-first": [raw(), verifying((req) => (JSON.parse(req.body), req.body))],

  // The body that was parsed, and what becomes of it.
  stringify: [json(), verifying((req) => JSON.stringify(req.body))],
  "stringify-indented": [json(), verifying((req) => JSON.stringify(req.body, null, 2))],
  "stringify-twice": [express.text({ type: "*/*", limit: "64mb" }), verifying((req) => JSON.stringify(req.body))],
  "object-in-template": [json(), verifying((req) => `${req.body}`)],
  "no-parser": [(_req, _res, next) => next(), verifying((req) => `${req.body}`)],
  "data-only": [json(), verifying((req) => JSON.stringify(req.body.data))],
  "hashes-object": [json(), verifying((req) => req.body)],
  "raw-default-type": [express.raw({ limit: "64mb" }), verifying((req) => req.body)],
  "raw-exact-type": [
    raw({ type: (req) => req.headers["content-type"] === "application/json" }),
    (req, res) => (Buffer.isBuffer(req.body) ? verifying(() => req.body)(req, res) : res.sendStatus(415)),
  ],
  "json-then-raw": [[json(), raw()], verifying((req) => req.body)],
  "json-then-read": [json(), async (req, res) => {
    const parts = [];
    req.on("data", (part) => parts.push(part));
    setImmediate(() => verifying(() => Buffer.concat(parts))(req, res));
  }],
  "waits-for-end": [json(), (req, res) => {
    const parts = [];
    req.on("data", (part) => parts.push(part));
    req.on("end", () => verifying(() => Buffer.concat(parts))(req, res));
  }],
  "text-latin1": [raw(), verifying((req) => req.body.toString("latin1"))],
  "text-ascii": [raw(), verifying((req) => req.body.toString("ascii"))],
  "trims": [raw(), verifying((req) => req.body.toString().trim())],
  "joins-text": [(_req, _res, next) => next(), (req, res) => {
    let body = "";
    req.on("data", (part) => (body += part));
    req.on("end", () => verifying(() => body)(req, res));
  }],
  "default-limit": [express.raw({ type: "*/*" }), verifying((req) => req.body)],

  // The secret.
  "secret-file": [raw(), verifying((req) => req.body, `${secret}\n`)],
  "secret-unset": [raw(), verifying((req) => req.body, `${process.env.WEBHOOK_SECRET}`)],
  "secret-or-empty": [raw(), verifying((req) => req.body, process.env.WEBHOOK_SECRET ?? "")],
  "secret-base64": [raw(), verifying((req) => req.body, Buffer.from(secret, "base64"))],

  // The digest, and how it is compared.
  base64: [raw(), answering((s, t, body) => status(s, t, () => hmac(t, body).digest("base64")))],
  "upper-case": [raw(), answering((s, t, body) => status(s, t, () => hex(t, body).toUpperCase()))],
  "body-alone": [raw(), answering((s, t, body) => status(s, t, () => crypto.createHmac("sha256", secret).update(body).digest("hex")))],
  "no-dot": [raw(), answering((s, t, body) => status(s, t, () => crypto.createHmac("sha256", secret).update(t).update(body).digest("hex")))],
  sha1: [raw(), answering((s, t, body) => status(s, t, () => crypto.createHmac("sha1", secret).update(`${t}.`).update(body).digest("hex")))],
  "no-padding": [raw(), answering((s, t, body) => status(s, t, () => [...hmac(t, body).digest()].map((byte) => byte.toString(16)).join("")))],
  "starts-with": [raw(), answering((s, t, body) => (t && s !== undefined && hex(t, body).startsWith(s) ? 200 : 401))],
  "includes": [raw(), answering((s, t, body) => (s && t && s.includes(hex(t, body)) ? 200 : 401))],
  "throws-on-length": [raw(), answering((s, t, body) =>
    s && t ? (timingSafeEqual(Buffer.from(s, "hex"), hmac(t, body).digest()) ? 200 : 401) : 400)],
  "throws-on-missing": [raw(), answering((s, t, body) =>
    same(s.toLowerCase(), hex(t, body)) ? 200 : 401)],
  "async-throws": [raw(), async (req, res) => {
    const [s, t] = headers(req);
    if (!s || !t || !same(s, hex(t, req.body))) throw new Error("Invalid signature");
    res.sendStatus(200);
  }],
  "never-answers": [raw(), (req, res) => {
    const [s, t] = headers(req);
    if (s && t && same(s, hex(t, req.body))) res.sendStatus(200);
  }],
  "callback-throws": [raw(), (req, res) => {
    const [s, t] = headers(req);
    setImmediate(() => {
      if (!s || !t || !same(s, hex(t, req.body))) throw new Error("Invalid signature");
      res.sendStatus(200);
    });
  }],

  // Deliveries that are not verified.
  none: [json(), (_req, res) => res.sendStatus(200)],
  "returns-status": [raw(), (req, res) => {
    const [s, t] = headers(req);
    if (!s || !t || !same(s, hex(t, req.body))) res.json({ error: "Invalid signature" });
    else res.json({ ok: true });
  }],
  "if-present": [raw(), answering((s, t, body) => (!s || same(s, hex(t, body)) ? 200 : 401))],
  "if-not-empty": [raw(), answering((s, t, body) => {
    if (s === undefined || !t) return 400;
    return s === "" || same(s, hex(t, body)) ? 200 : 401;
  })],
  "header-name": [raw(), (req, res) => {
    const signature = req.get("X-Signature");
    if (!signature) return res.status(400).send("Missing signature header");
    verifying((request) => request.body)(req, res);
  }],
  "exact-name": [raw(), (req, res) => {
    const at = (name) => req.rawHeaders[req.rawHeaders.indexOf(name) + 1 || Infinity];
    const [s, t] = [at("X-Webhook-Signature"), at("X-Webhook-Timestamp")];
    res.sendStatus(status(s, t, () => hex(t, req.body)));
  }],

  // What happens with a payload that is verified.
  "knows-fields": [raw(), (req, res) => {
    const [s, t] = headers(req);
    const code = status(s, t, () => hex(t, req.body));
    const known = ["event", "version", "agent", "simulation", "timestamp", "data"];
    const other = code === 200 && Object.keys(JSON.parse(req.body)).find((name) => !known.includes(name));
    return other ? res.status(422).json({ error: `"${other}" is not allowed` }) : res.sendStatus(code);
  }],
  "simulations-only": [raw(), (req, res) => {
    const [s, t] = headers(req);
    const code = status(s, t, () => hex(t, req.body));
    if (code === 200 && !JSON.parse(req.body).simulation) return res.status(400).json({ error: "simulation is required" });
    res.sendStatus(code);
  }],
  "unknown-event": [raw(), (req, res) => {
    const [s, t] = headers(req);
    const code = status(s, t, () => hex(t, req.body));
    if (code !== 200) return res.sendStatus(code);
    const event = JSON.parse(req.body).event;
    if (!event.includes("activity")) return res.sendStatus(200);
    res.status(400).json({ error: "unknown event" });
  }],
};

// What stands before the handler, or instead of it.
const verified = [raw(), verifying((req) => req.body)];
const before = {
  "other-path": () => app.post("/webhook", verified),
  "get-route": () => app.get(path, verified),
  "strict-slash": () => {
    app.enable("strict routing");
    app.post(`${path}/`, verified);
  },
  "redirects-to-https": () => {
    app.use((req, res, next) => (req.secure ? next() : res.redirect(301, `https://${req.headers.host}${req.originalUrl}`)));
    app.post(path, verified);
  },
  "session-login": () => {
    app.use((_req, res) => res.redirect("/login"));
  },
  "basic-login": () => {
    app.use((_req, res) => res.set("WWW-Authenticate", 'Basic realm="admin"').sendStatus(401));
  },
  csrf: () => {
    app.use((_req, _res, next) => next(Object.assign(new Error("invalid csrf token"), { status: 403, code: "EBADCSRFTOKEN" })));
  },
};

if (mode === "documented") {
  documented({ app, express, crypto });
} else if (before[mode]) {
  before[mode]();
} else {
  const [parser, handler] = receivers[mode];
  app.post(path, parser, handler);
}
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
