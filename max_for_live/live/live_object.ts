/**
 * An object of Live, with typed properties.
 *
 * LiveAPI returns lists, writes ids as pairs of the word `id` and a number, and reports no error
 * when a call or a setting fails; so callers check the result of every change.
 */

import type { LiveNote } from "../core/host/live_port.ts";

export class LiveObject {
  private constructor(private readonly api: LiveAPI) {}

  static at(path: string): LiveObject {
    return new LiveObject(new LiveAPI(path));
  }

  static of(id: number): LiveObject {
    return new LiveObject(new LiveAPI(`id ${id}`));
  }

  /** 0 if there is no such object. */
  get id(): number {
    return Number(this.api.id) || 0;
  }

  get exists(): boolean {
    return this.id !== 0;
  }

  get type(): string {
    return String(this.api.type);
  }

  number(name: string): number {
    return Number(this.values(name)[0]) || 0;
  }

  numbers(name: string): number[] {
    return this.values(name).map(Number);
  }

  text(name: string): string {
    return this.values(name).join(" ");
  }

  /** Return the object of that name; null for none. */
  child(name: string): LiveObject | null {
    return LiveObject.orNull(idsOf(this.values(name))[0]);
  }

  children(name: string): LiveObject[] {
    return this.ids(name).map(LiveObject.of);
  }

  ids(name: string): number[] {
    return idsOf(this.values(name)).filter((id) => id !== 0);
  }

  set(name: string, value: string | number): void {
    this.api.set(name, value);
  }

  call(name: string, ...args: unknown[]): unknown {
    return this.api.call(name, ...args);
  }

  /** Call a function that creates an object; return the object, or null. */
  make(name: string, ...args: unknown[]): LiveObject | null {
    return LiveObject.orNull(idsOf(listOf(this.call(name, ...args)))[0]);
  }

  notes(): LiveNote[] {
    const answer = this.call("get_all_notes_extended");
    const text = Array.isArray(answer) ? answer.join(" ") : answer;
    const read = typeof text === "string" ? parse(text) : text;
    const notes = (read as { notes?: LiveNote[] } | null)?.notes;
    return Array.isArray(notes) ? notes : [];
  }

  private static orNull(id: number | undefined): LiveObject | null {
    return id ? LiveObject.of(id) : null;
  }

  private values(name: string): (string | number)[] {
    return listOf(this.api.get(name));
  }
}

function listOf(value: unknown): (string | number)[] {
  if (typeof value === "string") return value.split(" ");
  if (typeof value === "number") return [value];
  return typeof value === "object" && value !== null ? Array.from(value as never[]) : [];
}

/** Return the ids in "id 3 id 5", however it is split. */
function idsOf(values: (string | number)[]): number[] {
  const words = values.flatMap((value) => String(value).split(" "));
  return words.flatMap((word, index) => (words[index - 1] === "id" ? [Number(word) || 0] : []));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
