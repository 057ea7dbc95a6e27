// The plain Node neighbour: verifies, appends, answers once the bytes are with the system. MODE says how: `stream`, a file that stays
// open and takes what waits at once, the quickest way there is; or `appendFile`, which opens the file each time, as most would write it.
//   PORT, SECRET, FILE and MODE come from the environment.
import { createHmac, timingSafeEqual } from "node:crypto";
import { appendFile, createWriteStream } from "node:fs";
import { createServer } from "node:http";

const { PORT, SECRET, FILE, MODE } = process.env;
const file = createWriteStream(FILE, { flags: "a" });
const keep = MODE === "stream" ? (line, done) => file.write(line, done) : (line, done) => appendFile(FILE, line, done);

function verified(signature, body) {
  const expected = Buffer.from(`sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`);
  const received = Buffer.from(signature ?? "");
  return received.length === expected.length && timingSafeEqual(received, expected);
}

createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts);
    if (!verified(request.headers["x-hub-signature-256"], body)) return response.writeHead(401).end("Unauthorized");
    keep(Buffer.concat([body, Buffer.from("\n")]), (error) => {
      response.writeHead(error ? 500 : 200, { "Content-Length": 2 }).end(error ? "no" : "OK");
    });
  });
}).listen(Number(PORT), "127.0.0.1");
