/** Music that was fetched, by what was asked for, so that Live's question is answered at once. */

import type { LiveNote } from "../../core/host/live_port.ts";

/** How many orders are remembered. */
const MAX_ENTRIES = 8;

export class ResultCache {
  private readonly lists = new Map<string, LiveNote[][]>();

  /** Forgets what was cache for the plan, which is asked for anew. */
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

  /** The candidate of that number, counted from 1; null when it is not there. */
  find(key: string, choice: number): LiveNote[] | null {
    return this.lists.get(key)?.[choice - 1] ?? null;
  }
}
