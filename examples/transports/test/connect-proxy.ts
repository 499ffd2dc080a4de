import { once } from "node:events";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { connect } from "node:net";

/** An outbound proxy. */
export type ConnectProxy = {
  readonly url: string;
  /** Where tunnels were asked to lead, as `host:port`, and with what `proxy-authorization`. */
  readonly asked: readonly { readonly to: string; readonly authorization: string | undefined }[];
  readonly close: () => Promise<void>;
};

/** Starts a proxy that knows CONNECT and nothing else. A host in `closed` is refused with 407, as Smokescreen refuses it. */
export async function startConnectProxy(closed: readonly string[] = []): Promise<ConnectProxy> {
  const asked: ConnectProxy["asked"][number][] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => void response.writeHead(405).end());
  server.on("connection", (socket) => sockets.add(socket.on("error", () => {})));
  server.on("connect", ({ url = "", headers }, client: Socket) => {
    asked.push({ to: url, authorization: headers["proxy-authorization"] });
    const { hostname, port } = new URL(`http://${url}`);
    if (closed.includes(hostname)) return client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    const target = connect({ host: hostname, port: Number(port || 80) });
    sockets.add(target);
    const refuse = (): unknown => client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    target.once("error", refuse).once("connect", () => {
      target.off("error", refuse).on("error", () => client.destroy());
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      client.pipe(target).pipe(client);
    });
    return client.once("close", () => target.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    asked,
    close: async () => {
      const ended = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await ended;
    },
  };
}
