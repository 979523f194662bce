/** Generates candidates, and lets the user browse, audition and keep them. */

import type { ClipFacts, ClipPlace, LivePort, Target } from "../host/live_port.ts";
import type { Player, Scheduler } from "../host/ports.ts";
import type { View } from "../host/view.ts";
import type { StatusLine } from "../status_line.ts";
import type { Failure, Transport } from "../transport/transport.ts";
import { errorMessage, sentenceOf } from "../transport/transport.ts";
import { Audition } from "./audition.ts";
import { Candidates, rollOf } from "./candidates.ts";
import { GenerationTask } from "./generation_task.ts";
import type { GenerationPlan } from "./request.ts";

interface WorkspaceDependencies {
  view: View;
  live: LivePort;
  scheduler: Scheduler;
  player: Player;
  statusLine: StatusLine;
  /** A call has failed because no server responded. */
  reportUnavailable(): void;
}

const CANDIDATE_CONTROLS = ["previous", "next", "audition", "keep", "drop"];

export class CandidateWorkspace {
  private readonly candidates = new Candidates();
  private readonly audition: Audition;
  private task: GenerationTask | null = null;
  private target: Target | null = null;
  private received = 0;
  private requested = 0;

  constructor(private readonly dependencies: WorkspaceDependencies) {
    this.audition = new Audition(dependencies.player, dependencies.scheduler, () =>
      dependencies.view.set("audition", 0),
    );
  }

  get busy(): boolean {
    return this.task !== null;
  }

  /** Generate; put the first variation into a new clip as soon as it is complete. */
  start(plan: GenerationPlan, target: Target, transport: Transport): void {
    this.cancel();
    this.stopAudition();
    this.candidates.clear();
    this.target = target;
    this.received = 0;
    this.requested = plan.request.variations ?? 1;
    this.show();
    const task = new GenerationTask(plan, {
      progress: (text) => this.dependencies.view.text("progress", text),
      candidate: (candidate) => {
        this.received += 1;
        this.candidates.add(candidate);
        if (this.received === 1) this.writeClip();
        this.show();
      },
      notice: (text) => this.dependencies.statusLine.notify(text),
      ended: (failure) => this.ended(failure),
    });
    this.task = task;
    this.setBusy(true);
    task.start(transport);
  }

  cancel(): void {
    if (!this.task) return;
    this.task.cancel();
    this.task = null;
    this.setBusy(false);
    this.dependencies.view.text(
      "progress",
      `Canceled: ${this.received} of ${this.requested} generated.`,
    );
  }

  /** End the task: the connection to the server is lost. */
  lost(failure: Failure): void {
    if (!this.task) return;
    this.task.cancel();
    this.ended(failure);
  }

  move(steps: number): void {
    const playing = this.audition.playing;
    this.candidates.move(steps);
    if (playing) this.setAudition(true);
    this.show();
  }

  setAudition(on: boolean): void {
    const candidate = this.candidates.current;
    if (!on || !candidate) {
      this.stopAudition();
      return;
    }
    this.dependencies.view.set("audition", 1);
    this.audition.start(candidate, this.dependencies.live.facts().tempo);
  }

  toggleAudition(): void {
    this.setAudition(!this.audition.playing);
  }

  /** Put the current candidate into another new clip. */
  keep(): void {
    if (this.candidates.current) this.writeClip();
    else
      this.dependencies.statusLine.refuse("There is no candidate to keep. Press Generate first.");
  }

  drop(): void {
    this.stopAudition();
    this.candidates.drop();
    this.show();
  }

  silence(): void {
    this.stopAudition();
  }

  close(): void {
    this.task?.cancel();
    this.task = null;
    this.audition.stop();
  }

  show(): void {
    const { view } = this.dependencies;
    const candidate = this.candidates.current;
    view.text("candidate", this.candidates.text);
    for (const id of CANDIDATE_CONTROLS) view.active(id, candidate !== null);
    view.active("cancel", this.busy);
    const roll = candidate ? rollOf(candidate) : { notes: [], length: 0 };
    view.roll(roll.notes, roll.length);
  }

  private writeClip(): void {
    const { live, statusLine, view } = this.dependencies;
    const candidate = this.candidates.current;
    if (!candidate || !this.target) return;
    try {
      const { notes, length, name } = candidate;
      const received = live.writeNewClip(this.target, length, notes, name);
      this.target = targetAfter(received.place);
      view.text("progress", `New clip: ${received.name}`);
    } catch (thrown) {
      statusLine.refuse(errorMessage(thrown));
    }
  }

  private ended(failure: Failure | null): void {
    this.task = null;
    this.setBusy(false);
    const { view, statusLine, reportUnavailable } = this.dependencies;
    if (failure === null) {
      if (this.requested > 1)
        view.text("progress", `${this.received} generated. Keep the ones you like.`);
      return;
    }
    view.text("progress", `Stopped: ${this.received} of ${this.requested} generated.`);
    const isUnavailable = failure.code === "unavailable";
    statusLine.fail(sentenceOf(failure), isUnavailable);
    if (isUnavailable) reportUnavailable();
  }

  private setBusy(busy: boolean): void {
    this.dependencies.statusLine.setBusy(busy);
    this.dependencies.view.active("cancel", busy);
  }

  private stopAudition(): void {
    this.audition.stop();
    this.dependencies.view.set("audition", 0);
  }
}

/** Return the next slot of the track, or the end of the clip in the Arrangement. */
function targetAfter(place: ClipPlace): Target {
  return place.kind === "session"
    ? { kind: "session", track: place.track, fromSlot: place.slot + 1 }
    : { kind: "arrangement", track: place.track, start: place.end };
}

/** Return a target after the clip that is continued, or else on the device's own track. */
export function targetFor(clip: ClipFacts | null, live: LivePort, primer: boolean): Target {
  if (clip && primer) return targetAfter(clip.place);
  const own = live.ownTarget();
  return clip && clip.place.track === own.track ? targetAfter(clip.place) : own;
}
