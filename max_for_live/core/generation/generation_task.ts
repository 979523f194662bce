/** Generation in progress: collects the responses for each variation and reports the progress. */

import type { LiveNote } from "../host/live_port.ts";
import type { StreamGenerateResponse } from "../transport/messages.ts";
import type { Call, Failure, Transport } from "../transport/transport.ts";
import { toBeats } from "./beats.ts";
import type { Candidate } from "./candidates.ts";
import { decodeNotes } from "./notes.ts";
import type { GenerationPlan } from "./request.ts";
import { nextSeed } from "./seeds.ts";

interface GenerationEvents {
  /** For example "2 of 4, bar 3 of 8". */
  progress(progressText: string): void;
  candidate(candidate: Candidate): void;
  /** How much of the primer was not read, as sentences. */
  notice(text: string): void;
  /** null: all variations are complete. */
  ended(failure: Failure | null): void;
}

export class GenerationTask {
  private readonly notes = new Map<number, LiveNote[]>();
  private call: Call | null = null;
  private isOver = false;

  constructor(
    private readonly plan: GenerationPlan,
    private readonly events: GenerationEvents,
  ) {}

  start(transport: Transport): void {
    this.events.progress(this.progressText(0, 0));
    const call = transport.generate(this.plan.request, {
      next: (response) => this.receive(response),
      done: () => this.end(null),
      failed: (failure) => this.end(failure),
    });
    if (!this.isOver) this.call = call;
  }

  cancel(): void {
    this.isOver = true;
    this.call?.cancel();
  }

  private receive(response: StreamGenerateResponse): void {
    if (this.isOver) return;
    const notices = (response.notices ?? []).map((notice) => notice.message ?? "");
    if (notices.length > 0) this.events.notice(notices.join(" "));
    const variation = response.variation ?? 0;
    const notes = this.notes.get(variation) ?? [];
    this.notes.set(variation, notes);
    notes.push(...decodeNotes(response.chunk ?? {}, this.plan.clock.qpm));
    if (response.last) this.events.candidate(this.candidate(notes, variation, response.seed));
    else this.events.progress(this.progressText(variation, response.completeUntil ?? 0));
  }

  private candidate(notes: LiveNote[], variation: number, seed: string | undefined): Candidate {
    const { request, start, end } = this.plan;
    let used = String(seed ?? request.seed ?? "");
    for (let step = 0; step < variation; step += 1) used = nextSeed(used);
    return {
      notes: notes.map((note) => shifted(note, start)),
      length: end - start,
      name: `${request.generatorId} ${used}`.trim(),
      primer: this.plan.primer.map((note) => shifted(note, start)),
    };
  }

  private end(failure: Failure | null): void {
    if (this.isOver) return;
    this.isOver = true;
    this.events.ended(failure);
  }

  private progressText(variation: number, completeUntil: number): string {
    const { start, end, bar, clock, request } = this.plan;
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
