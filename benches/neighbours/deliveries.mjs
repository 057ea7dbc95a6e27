// Numbered deliveries as GitHub signs them, and the comparison of what a neighbour has stored with what was sent.
import { createHmac } from "node:crypto";

export const SECRET = "a secret for this run only";
export const PATH = "/hooks/github";

// A push event of about so many bytes, all of one length but for the digits of their number.
export function body(number, size) {
  const event = { ref: "refs/heads/main", number, repository: { id: 42, full_name: "acme/shop" }, commits: [] };
  const commit = (at) => ({
    id: createHmac("sha1", "commit").update(`${number} ${at}`).digest("hex"), message: `Count what is left of order ${at}`,
    timestamp: "2026-11-30T09:15:00Z", url: `https://github.com/acme/shop/commit/${at}`,
    author: { name: "Ada", email: "ada@shop.example" }, added: [], removed: [], modified: ["src/orders.js", "src/stock.js"],
  });
  const length = JSON.stringify(commit(1000)).length + 1;
  while (JSON.stringify(event).length + length < size) event.commits.push(commit(1000 + event.commits.length));
  return JSON.stringify(event);
}

function request(text) {
  const hmac = (algorithm) => createHmac(algorithm, SECRET).update(text).digest("hex");
  return `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: GitHub-Hookshot/1\r\nAccept: */*\r\nContent-Type: application/json\r\n`
    + `X-GitHub-Event: push\r\nX-Hub-Signature: sha1=${hmac("sha1")}\r\nX-Hub-Signature-256: sha256=${hmac("sha256")}\r\n`
    + `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

// The file that load.rs reads: each request after its length, four bytes, little-endian.
export function prepared(bodies) {
  return Buffer.concat(bodies.flatMap((text) => {
    const wire = Buffer.from(request(text));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(wire.length);
    return [length, wire];
  }));
}

const sorted = (value) => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
};
const canonical = (text) => {
  try { return JSON.stringify(sorted(JSON.parse(text))); } catch { return ""; }
};

// The numbers of those bodies that are stored whole. What is cut off, or not what was sent, is not there.
export function whole(texts, bodies, { reserialised = false } = {}) {
  const found = new Set();
  for (const text of texts) {
    const number = Number(text.match(/"number":(\d+)/)?.[1] ?? -1);
    const sent = bodies[number];
    if (sent === text || (reserialised && sent && canonical(sent) === canonical(text))) found.add(number);
  }
  return found;
}
