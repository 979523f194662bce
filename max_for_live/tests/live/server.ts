/** The real server, as `magenta-bridge serve`; MAGENTA_BRIDGE_PROGRAM names the program. */

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const REPOSITORY = join(import.meta.dirname, "..", "..", "..");
const PROGRAM =
  process.env.MAGENTA_BRIDGE_PROGRAM ?? join(REPOSITORY, ".venv", "bin", "magenta-bridge");
const MELODY = join(REPOSITORY, "models", "lstm", "lstm_melody.mag");
const DRUMS = join(REPOSITORY, "models", "lstm", "lstm_drums.mag");
const READY = /^Serving .* and (http:\S+)/;

export interface Server {
  /** Such as "http://127.0.0.1:50052". */
  http: string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

export async function startServer(port = 0): Promise<Server> {
  const args = ["serve", "--port", "0", "--http-port", String(port), "--log-level", "error"];
  const bundles = ["--bundle", MELODY, "--bundle", DRUMS];
  const child = spawn(PROGRAM, [...args, ...bundles], {
    cwd: REPOSITORY,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const http = await firstLine(child);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    http,
    kill: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const errors: string[] = [];
    child.stderr?.on("data", (data) => errors.push(String(data)));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`serve ended with ${code}: ${errors.join("")}`)));
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => {
      const address = READY.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
}
