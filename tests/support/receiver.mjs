// A receiver written from Trackpilots' documentation, with nothing but Node, and broken ones.
//   SECRET=… node receiver.mjs right|… [MILLISECONDS]
// Prints the port that it listens on.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const [mode = "right", milliseconds = "0"] = process.argv.slice(2);
const secret = process.env.SECRET;

function hash(timestamp, body) {
  const before = mode === "body-alone" ? "" : `${timestamp}.`;
  return createHmac("sha256", secret).update(before).update(body).digest("hex");
}

function same(expected, received) {
  const [a, b] = [Buffer.from(expected), Buffer.from(received)];
  return a.length === b.length && timingSafeEqual(a, b);
}

// What each broken receiver does instead of the right thing.
const signed = {
  "re-serialises": (body) => JSON.stringify(JSON.parse(body)),
  trims: (body) => body.toString().trim(),
};
const compare = {
  prefix: (expected, received) => expected.startsWith(received),
};

function answer(headers, body) {
  const signature = headers["x-webhook-signature"];
  const timestamp = headers["x-webhook-timestamp"];
  if (mode === "anything") return [200, "thanks"];
  if (mode === "missing" && signature === undefined) return [200, "thanks"];
  if (!signature || !timestamp) return [400, "Missing signature"];
  const expected = hash(timestamp, (signed[mode] ?? ((raw) => raw))(body));
  if (!(compare[mode] ?? same)(expected, signature)) return [401, "Invalid signature"];
  if (mode === "seconds" && timestamp.length > 11) return [401, "Too far ahead"];
  if (mode === "age") {
    const at = Number(timestamp) * (timestamp.length > 11 ? 1 : 1000);
    if (Date.now() - at > 5 * 60_000) return [401, "Too old"];
  }
  const payload = JSON.parse(body);
  if (mode === "placeholder" || mode === "dies") {
    for (const item of [].concat(payload.data)) {
      const image = item.screenshot?.imageBuffer;
      if (typeof image === "string" && image.startsWith("[")) {
        if (mode === "dies") process.exit(1);
        throw new Error("no image");
      }
    }
  }
  return [200, "Webhook received and processed successfully"];
}

const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    let result;
    try {
      result = answer(request.headers, Buffer.concat(parts));
    } catch (error) {
      result = [500, String(error)];
    }
    setTimeout(() => {
      response.writeHead(result[0]);
      response.end(result[1]);
    }, Number(milliseconds));
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
