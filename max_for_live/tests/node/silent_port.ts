/** Ports of other programs: one that does not respond, and a gRPC server. */

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

import { Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";

/** A port that accepts connections and does not respond. */
export class SilentPort {
  /** Resolves at the first connection. */
  readonly connected: Promise<void>;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  private constructor() {
    this.server = createServer();
    this.connected = new Promise((found) => {
      this.server.on("connection", (socket) => {
        this.sockets.add(socket);
        socket.on("error", () => {});
        socket.resume();
        found();
      });
    });
  }

  static async open(): Promise<SilentPort> {
    const silent = new SilentPort();
    await new Promise<void>((done) => silent.server.listen(0, "127.0.0.1", done));
    return silent;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

/** Start a gRPC server that has none of our services. */
export async function otherProgram(): Promise<{ address: string; close(): void }> {
  const server = new GrpcServer();
  const port = await new Promise<number>((done, fail) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? fail(error) : done(bound),
    ),
  );
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}
