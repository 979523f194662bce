/** One order under way: gathers the pieces of each variation and says how far it is. */

import { toBeats } from "./beats.ts";
import type { Candidate } from "./candidates.ts";
import type { LiveNote } from "./live_port.ts";
import type { StreamGenerateResponse } from "./messages.ts";
import { decodeNotes } from "./notes.ts";
import type { Order } from "./request.ts";
import { nextSeed } from "./seeds.ts";
import type { Call, Failure, Transport } from "./transport.ts";

export interface WritingEvents {
  /** For example "2 of 4, bar 3 of 8". */
  progress(text: string): void;
  candidate(candidate: Candidate): void;
  /** How much of the primer was not read, as sentences. */
  notice(text: string): void;
  /** null: all is there. */
  ended(failure: Failure | null): void;
}

export class Writing {
  private readonly notes = new Map<number, LiveNote[]>();
  private call: Call | null = null;
  private over = false;

  constructor(
    private readonly order: Order,
    private readonly events: WritingEvents,
  ) {}

  start(transport: Transport): void {
    this.events.progress(this.text(0, 0));
    const call = transport.generate(this.order.request, {
      next: (piece) => this.take(piece),
      done: () => this.end(null),
      failed: (failure) => this.end(failure),
    });
    if (!this.over) this.call = call;
  }

  cancel(): void {
    this.over = true;
    this.call?.cancel();
  }

  private take(piece: StreamGenerateResponse): void {
    if (this.over) return;
    const notices = (piece.notices ?? []).map((notice) => notice.message ?? "");
    if (notices.length > 0) this.events.notice(notices.join(" "));
    const variation = piece.variation ?? 0;
    const notes = this.notes.get(variation) ?? [];
    this.notes.set(variation, notes);
    notes.push(...decodeNotes(piece.chunk ?? {}, this.order.clock.qpm));
    if (piece.last) this.events.candidate(this.candidate(notes, variation, piece.seed));
    else this.events.progress(this.text(variation, piece.completeUntil ?? 0));
  }

  private candidate(notes: LiveNote[], variation: number, seed: string | undefined): Candidate {
    const { request, start, end } = this.order;
    let used = String(seed ?? request.seed ?? "");
    for (let step = 0; step < variation; step += 1) used = nextSeed(used);
    return {
      notes: notes.map((note) => shifted(note, start)),
      length: end - start,
      name: `${request.generatorId} ${used}`.trim(),
      primer: this.order.primer.map((note) => shifted(note, start)),
    };
  }

  private end(failure: Failure | null): void {
    if (this.over) return;
    this.over = true;
    this.events.ended(failure);
  }

  private text(variation: number, completeUntil: number): string {
    const { start, end, bar, clock, request } = this.order;
    const bars = Math.max(1, Math.round((end - start) / bar));
    const done = Math.floor((toBeats(completeUntil, clock.qpm) - start) / bar + 1e-6);
    const at = Math.min(bars, Math.max(0, done) + 1);
    const count = request.variations ?? 1;
    const where = `bar ${at} of ${bars}`;
    return count > 1 ? `${variation + 1} of ${count}, ${where}` : where;
  }
}

function shifted(note: LiveNote, start: number): LiveNote {
  return { ...note, start_time: note.start_time - start };
}
