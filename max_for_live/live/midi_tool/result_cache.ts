/** Fetched music by request, so that Live gets a response immediately. */

import type { LiveNote } from "../../core/host/live_port.ts";

/** Maximum number of requests. */
const MAX_ENTRIES = 8;

export class ResultCache {
  private readonly lists = new Map<string, LiveNote[][]>();

  /** Drop the results of a request that is sent again. */
  begin(key: string): void {
    this.lists.delete(key);
    this.lists.set(key, []);
    const oldest = this.lists.keys().next().value;
    if (this.lists.size > MAX_ENTRIES && oldest !== undefined) this.lists.delete(oldest);
  }

  add(key: string, notes: LiveNote[]): void {
    this.lists.get(key)?.push(notes);
  }

  count(key: string): number {
    return this.lists.get(key)?.length ?? 0;
  }

  /** Return the candidate with that number, from 1; null if there is none. */
  find(key: string, choice: number): LiveNote[] | null {
    return this.lists.get(key)?.[choice - 1] ?? null;
  }
}
