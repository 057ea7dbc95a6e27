// Receivers of Trackpilots' webhooks and of others, correct ones and ones with one mistake each, with nothing but Node.
//   SECRET=… node receivers.mjs
// Prints the port that it listens on; the last part of the path is the mistake: POST /hooks/MODE.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const secret = process.env.SECRET;

const hmac = (key, content, algorithm = "sha256") => createHmac(algorithm, key).update(content).digest();
const joined = (timestamp, body) => Buffer.concat([Buffer.from(`${timestamp}.`), Buffer.from(body)]);
const hex = (timestamp, body) => hmac(secret, joined(timestamp, body)).toString("hex");
const withKey = (key) => (timestamp, body) => hmac(key, joined(timestamp, body)).toString("hex");
const withBody = (change) => (timestamp, body) => hex(timestamp, Buffer.from(change(body)));

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

// As json.dumps writes it: spaces after commas and colons, everything beyond ASCII escaped.
function dumps(value) {
  if (Array.isArray(value)) return `[${value.map(dumps).join(", ")}]`;
  if (value !== null && typeof value === "object") {
    return `{${Object.entries(value).map(([key, member]) => `${dumps(key)}: ${dumps(member)}`).join(", ")}}`;
  }
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// What a receiver computes.
const computed = {
  "re-serialises": withBody((body) => JSON.stringify(JSON.parse(body))),
  "sorts-keys": withBody((body) => JSON.stringify(sorted(JSON.parse(body)))),
  dumps: withBody((body) => dumps(JSON.parse(body))),
  indents: withBody((body) => JSON.stringify(JSON.parse(body), null, 2)),
  "prints-object": withBody((body) => `${JSON.parse(body)}`),
  "empty-body": withBody(() => ""),
  "base64-body": withBody((body) => body.toString("base64")),
  "data-only": withBody((body) => JSON.stringify(JSON.parse(body).data)),
  trims: withBody((body) => body.toString().trim()),
  latin1: withBody((body) => body.toString("latin1")),
  normalises: withBody((body) => body.toString().normalize("NFC")),
  "unset-secret": withKey("undefined"),
  "empty-secret": withKey(""),
  "newline-secret": withKey(`${secret}\n`),
  "quoted-secret": withKey(`"${secret}"`),
  "hashed-secret": withKey(createHash("sha256").update(secret).digest()),
  "base64-secret": withKey(Buffer.from(secret, "base64")),
  "other-secret": withKey("another-secret-0123456789"),
  "base64-digest": (timestamp, body) => hmac(secret, joined(timestamp, body)).toString("base64"),
  "upper-digest": (timestamp, body) => hex(timestamp, body).toUpperCase(),
  "expects-prefix": (timestamp, body) => `sha256=${hex(timestamp, body)}`,
  "body-alone": (timestamp, body) => hmac(secret, body).toString("hex"),
  "timestamp-alone": (timestamp) => hmac(secret, timestamp).toString("hex"),
  colon: (timestamp, body) => hmac(secret, Buffer.concat([Buffer.from(`${timestamp}:`), body])).toString("hex"),
  "signs-seconds": (timestamp, body) => hex(Math.floor(Number(timestamp) / 1000), body),
  sha1: (timestamp, body) => hmac(secret, joined(timestamp, body), "sha1").toString("hex"),
  sha512: (timestamp, body) => hmac(secret, joined(timestamp, body), "sha512").toString("hex"),
  "plain-hash": (timestamp, body) => createHash("sha256").update(secret).update(joined(timestamp, body)).digest("hex"),
  "no-padding": (timestamp, body) => [...hmac(secret, joined(timestamp, body))].map((byte) => byte.toString(16)).join(""),
  "as-number": (timestamp, body) => BigInt(`0x${hex(timestamp, body)}`).toString(16),
  // Two mistakes at once.
  "newline-secret+re-serialises": (timestamp, body) => withKey(`${secret}\n`)(timestamp, JSON.stringify(JSON.parse(body))),
  "newline-secret+dumps": (timestamp, body) => withKey(`${secret}\n`)(timestamp, dumps(JSON.parse(body))),
  "quoted-secret+trims": (timestamp, body) => withKey(`"${secret}"`)(timestamp, body.toString().trim()),
  "base64-digest+sorts-keys": (timestamp, body) =>
    hmac(secret, joined(timestamp, Buffer.from(JSON.stringify(sorted(JSON.parse(body)))))).toString("base64"),
  "hashed-secret+upper-digest": (timestamp, body) =>
    withKey(createHash("sha256").update(secret).digest())(timestamp, body).toUpperCase(),
  "hex-secret+milliseconds": (timestamp, body) =>
    withKey(Buffer.from(secret, "hex"))(String(timestamp).length < 12 ? `${timestamp}000` : timestamp, body),
  "body-alone+dumps": (timestamp, body) => hmac(secret, dumps(JSON.parse(body))).toString("hex"),
  "unset-secret+dumps": (timestamp, body) => withKey("undefined")(timestamp, dumps(JSON.parse(body))),
};

const same = (expected, received) => {
  const [a, b] = [Buffer.from(expected), Buffer.from(received)];
  return a.length === b.length && timingSafeEqual(a, b);
};
const compared = {
  prefix: (expected, received) => expected.startsWith(received),
  "first-eight": (expected, received) => expected.slice(0, 8) === received.slice(0, 8),
  "any-case": (expected, received) => same(expected, received.toLowerCase()),
  "throws-on-length": (expected, received) => timingSafeEqual(Buffer.from(expected), Buffer.from(received)),
};

const named = { "other-header": "x-signature" };

// What stands before a receiver: it answers without looking at anything.
const outside = {
  anything: () => [200, "thanks"],
  fails: () => [500, "TypeError: Cannot read properties of undefined"],
  "redirects-slash": (request) => [308, "", { Location: `${request.url}/` }],
  "redirects-https": (request) => [301, "", { Location: `https://${request.headers.host}${request.url}` }],
  "redirects-to-login": () => [302, "", { Location: "/users/sign_in" }],
  "basic-login": () => [401, "Unauthorized", { "WWW-Authenticate": 'Basic realm="staging"' }],
  "login-page": () => [200, '<!DOCTYPE html><html><form><input type="password" name="p"></form></html>'],
  "csrf-django": () => [403, "<h1>Forbidden <span>(403)</span></h1><p>CSRF verification failed. Request aborted.</p>"],
  "csrf-rails": () => [422, "ActionController::InvalidAuthenticityToken"],
  "csrf-laravel": () => [419, '{"message":"CSRF token mismatch."}'],
  "csrf-express": () => [403, "ForbiddenError: invalid csrf token", { "X-Powered-By": "Express" }],
  "not-found": (request) => [404, `<pre>Cannot POST ${request.url}</pre>`, { "X-Powered-By": "Express" }],
  "get-only": () => [405, "Method Not Allowed", { Allow: "GET" }],
  "says-429": () => [429, "slow down"],
};

// What a receiver does with a payload that is verified; an answer, an exception, or nothing.
const handled = {
  placeholder(payload) {
    for (const item of [].concat(payload.data)) {
      if (String(item.screenshot?.imageBuffer).startsWith("[simulation")) throw new Error("no image");
    }
  },
  "base64-images"(payload) {
    for (const item of [].concat(payload.data)) {
      const image = item.screenshot?.imageBuffer;
      if (image !== undefined && !String(image).startsWith("[") && !/^[A-Za-z0-9+/]+=*$/.test(image)) {
        throw new Error("not base64");
      }
    }
  },
  "no-activities": (payload) => (payload.event.includes("activity") ? [400, "unknown event"] : undefined),
  "no-live-events": (payload) => (payload.simulation === true ? undefined : [422, "simulation is required"]),
  "strict-schema"(payload) {
    const known = ["event", "version", "agent", "simulation", "timestamp", "data"];
    const other = Object.keys(payload).find((key) => !known.includes(key));
    if (other) return [422, JSON.stringify({ code: "unrecognized_keys", message: `Unrecognized key(s): '${other}'` })];
  },
};

const seen = new Set();
const counts = new Map();
const moods = new Map();
const windows = new Map();

// Receivers that change their mind: with what a correct one would answer, the number of the delivery, and the body.
const page = '<!DOCTYPE html><html><head><title>Welcome</title></head><form action="/accept"><button>Accept</button></form></html>';
const bans = (status, said) => (right, count, mode) => {
  const failures = moods.get(`${mode} failures`) ?? 0;
  if (failures >= 5) return status ? [status, said] : "destroy";
  if (right[0] >= 400) moods.set(`${mode} failures`, failures + 1);
  return right;
};
const moody = {
  "success-when-forged": (right) => (right[0] === 200 ? [200, '{"ok":true}'] : [200, JSON.stringify({ ok: false, error: right[1] })]),
  "redirects-when-forged": (right) => (right[0] === 200 ? right : [302, "", { Location: "/login" }]),
  "queues-everything": () => [202, "queued"],
  "queues-verified": (right) => (right[0] === 200 ? [202, "queued"] : right),
  "web-page": () => [200, page],
  "verifies-some": (right, count) => (count % 3 === 0 ? [200, "ok"] : right),
  "opens-later": (right, count) => (count > 40 ? [200, "ok"] : [401, "not yet"]),
  "starts-slowly": (right, count) => (count <= 2 ? [503, "starting"] : right),
  "starts-open": (right, count) => (count <= 2 ? [503, "starting"] : [200, "ok"]),
  "fails-at-times": (right, count) => (count % 7 === 0 ? [500, "database timeout"] : right),
  "bans-403": bans(403, "Your address is banned"),
  "bans-401": bans(401, "Invalid signature"),
  "bans-silently": bans(0),
  "dies-behind-proxy": (right, count) => (count > 30 ? [502, "<html><title>502 Bad Gateway</title></html>"] : right),
  "not-found-when-forged": (right) => (right[0] === 200 ? right : [404, "Not Found"]),
  "says-anything": (right, count) => [right[0], `${right[1]} ${["one", "two", "three"][count % 3]}`],
};

// What a limiter before the receiver answers; nothing while it lets requests through.
function limited(mode) {
  const count = (counts.get(mode) ?? 0) + 1;
  counts.set(mode, count);
  if (mode === "limited-forever" && count > 30) return [429, "Too Many Requests", { "Retry-After": "3600" }];
  if (mode === "limited-silently" && count > 30) return [429, "Too Many Requests"];
  if (mode === "unavailable" && count > 30) return [503, "Service Unavailable"];
  if (mode !== "limited" && mode !== "limited-too") return undefined;
  // A window of a second with 12 requests.
  let window = windows.get(mode);
  if (!window || Date.now() - window.start > 1000) window = { start: Date.now(), count: 0 };
  windows.set(mode, { ...window, count: window.count + 1 });
  return window.count >= 12 ? [429, "Too Many Requests", { "Retry-After": "1" }] : undefined;
}

function answer(mode, request, body) {
  const fixed = outside[mode];
  if (fixed) return fixed(request);
  const limit = limited(mode);
  if (limit) return limit;
  if (mode === "limited-forever" || mode === "limited-silently" || mode === "unavailable") return [200, "not verified"];
  if (mode === "small-bodies" && body.length > 65536) return [413, "Payload Too Large"];
  if (mode === "exact-type" && request.headers["content-type"] !== "application/json") return [415, "unsupported type"];
  const header = (name) => {
    if (mode !== "exact-names") return request.headers[name.toLowerCase()];
    const at = request.rawHeaders.indexOf(name);
    return at < 0 ? undefined : request.rawHeaders[at + 1];
  };
  const signature = header(named[mode] ?? "X-Webhook-Signature");
  const timestamp = header("X-Webhook-Timestamp");
  if (mode === "missing-signature" && signature === undefined) return [200, "ok"];
  if (mode === "missing-timestamp" && signature && timestamp === undefined) return [200, "ok"];
  if (mode === "throws-away" && (!signature || !timestamp)) return undefined;
  if (mode === "other-secret" && (!signature || !timestamp)) return [401, "Missing or invalid signature"];
  if (!signature || !timestamp) return [400, "Missing signature"];
  const expected = (computed[mode] ?? hex)(timestamp, body);
  const other = mode === "tries-empty-secret" && same(withKey("")(timestamp, body), signature);
  const is = other || (compared[mode] ?? same)(expected, signature);
  if (!is && mode === "throws-away") return undefined;
  if (!is && mode === "hangs-up") return "destroy";
  if (!is && mode === "unavailable-when-forged") return [503, "cannot verify"];
  if (!is && mode === "other-secret") return [401, "Missing or invalid signature"];
  if (!is) return [401, JSON.stringify({ error: "Invalid signature", at: Date.now() })];
  if (mode === "aged" && Math.abs(Date.now() / 1000 - timestamp) > 300) return [401, "Too old"];
  if (mode === "remembers") {
    if (seen.has(signature)) return [409, "Seen before"];
    seen.add(signature);
  }
  return handled[mode]?.(JSON.parse(body)) ?? [200, "Webhook received and processed successfully"];
}

// Other senders' receivers: the scheme is the part of the path before the mode.
const senders = {
  github(mode, request, body) {
    const header = request.headers["x-hub-signature-256"];
    if (!header) return [400, "Missing X-Hub-Signature-256"];
    const content = mode === "re-serialises" ? JSON.stringify(JSON.parse(body)) : body;
    const digest = hmac(secret, content).toString("hex");
    const expected = mode === "bare" ? digest : `sha256=${digest}`;
    if (mode === "sha1") return request.headers["x-hub-signature"] ? [200, "ok"] : [401, "Invalid signature"];
    return same(expected, header) ? [200, "ok"] : [401, "Invalid signature"];
  },
  stripe(mode, request, body) {
    const parts = Object.fromEntries((request.headers["stripe-signature"] ?? "").split(",").map((part) => part.split("=")));
    if (!parts.t || !parts.v1) return [400, "Unable to extract timestamp and signatures from header"];
    const content = mode === "re-serialises" ? JSON.stringify(JSON.parse(body)) : body;
    const expected = hmac(secret, joined(parts.t, Buffer.from(content))).toString("hex");
    if (!same(expected, parts.v1)) return [400, "No signatures found matching the expected signature for payload"];
    return Math.abs(Date.now() / 1000 - parts.t) > 300 ? [400, "Timestamp outside the tolerance zone"] : [200, "ok"];
  },
  "standard-webhooks"(mode, request, body) {
    const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": header } = request.headers;
    if (!id || !timestamp || !header) return [400, "Missing required headers"];
    const text = secret.replace(/^whsec_/, "");
    const key = mode === "text-key" ? text : Buffer.from(text, "base64");
    const digest = hmac(key, Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body])).toString("base64");
    const is = header.split(" ").some((item) => same(`v1,${digest}`, item));
    return is ? [204, ""] : [401, "No matching signature found"];
  },
  "gitlab-token": (mode, request) =>
    same(secret, request.headers["x-gitlab-token"] ?? "") ? [200, "ok"] : [401, "Invalid token"],
  slack(mode, request, body) {
    const { "x-slack-signature": header, "x-slack-request-timestamp": timestamp } = request.headers;
    if (!header || !timestamp) return [400, "Missing signature"];
    const expected = hmac(secret, Buffer.concat([Buffer.from(`v0:${timestamp}:`), body])).toString("hex");
    return same(`v0=${expected}`, header) ? [200, "ok"] : [401, "Invalid signature"];
  },
};

const server = createServer((request, response) => {
  const [, , mode, variant] = request.url.split("?")[0].split("/");
  const parts = mode === "keeps-parts" ? (request.socket.parts ??= []) : [];
  let [text, isAnswered] = ["", false];
  const finish = (body) => {
    if (isAnswered) return;
    isAnswered = true;
    let result;
    try {
      const count = (moods.get(mode) ?? 0) + 1;
      moods.set(mode, count);
      result = senders[mode] ? senders[mode](variant, request, body) : answer(mode, request, body);
      if (moody[mode]) result = moody[mode](result, count, mode);
    } catch (error) {
      result = [500, String(error)];
    }
    if (result === undefined) return;
    if (result === "destroy") return void response.destroy();
    const [status, said, headers] = result;
    const late = mode === "slow" ? 300 : 0;
    setTimeout(() => response.writeHead(status, headers).end(said), late);
  };
  request.on("data", (part) => {
    parts.push(part);
    text += part;
    if (mode === "first-part") finish(part);
  });
  request.on("end", () => finish(mode === "joins-text" ? Buffer.from(text) : Buffer.concat(parts)));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
