/** A port that accepts connections and does not respond. */

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

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
