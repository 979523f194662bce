/** Max's XMLHttpRequest; null if this version of Max has none. */

import type { HttpRequest, NewHttpRequest } from "../core/host/ports.ts";

export function newHttpRequest(): NewHttpRequest | null {
  const known = globalThis as { XMLHttpRequest?: new () => HttpRequest };
  const Request = known.XMLHttpRequest;
  return Request === undefined ? null : () => new Request();
}
