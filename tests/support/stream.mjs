// A server that streams: its head at once, then a long body in pieces, each a moment after the other.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  request.resume().on('end', async () => {
    response.writeHead(200, 'Fine', { 'Content-Type': 'application/octet-stream', 'X-Two': ['a', 'b'] });
    response.flushHeaders();
    for (let piece = 0; piece < 96; piece += 1) {
      const taken = response.write(Buffer.alloc(65536, 97 + (piece % 26)));
      await new Promise((next) => (taken ? setTimeout(next, 1) : response.once('drain', next)));
    }
    response.end();
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
