/** Answers every request with 200, by Node's own server. Prints its port. */
import { createServer } from "node:http";

const server = createServer((request, response) => {
  request.resume();
  response.end("ok");
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(typeof address === "object" ? address?.port : address);
});
