// The upstream that mitmdump passes requests on to: reads each to its end and answers, nothing else. PORT comes from the environment.
import { createServer } from "node:http";

createServer((request, response) => {
  request.resume();
  request.on("end", () => response.writeHead(200, { "Content-Length": 2 }).end("OK"));
}).listen(Number(process.env.PORT), "127.0.0.1");
