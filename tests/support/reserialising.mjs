// A receiver with the usual fault: it verifies the body after parsing it and writing it again. It prints its port.
import { createHmac } from "node:crypto";
import { createServer } from "node:http";

const server = createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = JSON.stringify(JSON.parse(Buffer.concat(pieces)));
  const signed = `${request.headers["x-webhook-timestamp"]}.${body}`;
  const computed = createHmac("sha256", process.env.SECRET).update(signed).digest("hex");
  const right = computed === request.headers["x-webhook-signature"];
  response.writeHead(right ? 200 : 401, { "Content-Type": "text/plain" });
  response.end(right ? "OK" : `Invalid signature, computed ${computed}`);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
