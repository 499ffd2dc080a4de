/** Answers 200 to everything on a free port, and says, asked, how many messages it got and how many of them again. */
import { createServer } from "node:http";
import { constants, setPriority } from "node:os";

try {
  // Among as many busy processes as there are dispatchers it would come too late to answer in time.
  setPriority(constants.priority.PRIORITY_HIGHEST);
} catch {
  // Only root may.
}

const seen = new Set<string>();
let repeated = 0;

const server = createServer((request, response) => {
  const id = String(request.headers["webhook-id"]);
  if (seen.has(id)) repeated += 1;
  seen.add(id);
  request.resume();
  request.on("end", () => response.end("ok"));
});
// Connections rest while no message comes.
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" ? address?.port : null });
});
process.on("message", () => process.send?.({ received: seen.size, repeated, cpu: process.cpuUsage() }));
process.on("disconnect", () => process.exit());
