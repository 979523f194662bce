/** Boxes and cords of a patch, and the JSON that Max reads. */

import { type Ports, portsOfClass, portsOfText } from "./objects.ts";

/** Left, top, width, height in pixels. */
export type Rect = [number, number, number, number];

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Attributes = Record<string, Json>;

export interface Box {
  id: string;
  /** Column in the patching view, from 0. */
  section: number;
  maxclass: string;
  ports: Ports;
  text?: string;
  presentation?: Rect;
  attributes: Attributes;
}

export interface Cord {
  from: [string, number];
  to: [string, number];
}

/** Builds a patch in the order of the calls, so that the bytes are reproducible. */
export class Patch {
  readonly boxes: Box[] = [];
  readonly cords: Cord[] = [];
  private section = -1;

  /** Begin a column in the patching view, with a comment at its top. */
  beginSection(title: string): void {
    this.section += 1;
    this.box("comment", portsOfClass("comment"), {}, title);
  }

  /** Add an object that is written as text, such as `route a b`. */
  object(text: string, attributes: Attributes = {}): Box {
    return this.box("newobj", portsOfText(text), attributes, text);
  }

  /** Add a user interface object. */
  face(maxclass: string, attributes: Attributes = {}, presentation?: Rect): Box {
    const box = this.box(maxclass, portsOfClass(maxclass), attributes);
    if (presentation) box.presentation = presentation;
    return box;
  }

  message(text: string): Box {
    return this.box("message", portsOfClass("message"), {}, text);
  }

  box(maxclass: string, ports: Ports, attributes: Attributes = {}, text?: string): Box {
    const id = `obj-${this.boxes.length + 1}`;
    const box: Box = { id, section: this.section, maxclass, ports, attributes };
    if (text !== undefined) box.text = text;
    this.boxes.push(box);
    return box;
  }

  cord(from: Box, outlet: number, to: Box, inlet = 0): void {
    this.cords.push({ from: [from.id, outlet], to: [to.id, inlet] });
  }

  /** Connect a row of boxes, each from its first outlet to the next one's first inlet. */
  chain(...boxes: Box[]): void {
    for (let i = 1; i < boxes.length; i += 1) this.cord(boxes[i - 1] as Box, 0, boxes[i] as Box);
  }
}

const COLUMN = 260;
const LINE = 34;
const MARGIN = 20;

/** Return all boxes as Max writes them: a column for each section, from top to bottom. */
export function boxesJson(patch: Patch): Json[] {
  const heights = new Map<number, number>();
  return patch.boxes.map((box) => {
    const row = heights.get(box.section) ?? 0;
    heights.set(box.section, row + 1);
    const left = MARGIN + box.section * COLUMN;
    return boxJson(box, [left, MARGIN + row * LINE, COLUMN - 2 * MARGIN, 22]);
  });
}

function boxJson(box: Box, place: Rect): Json {
  const json: Attributes = {
    id: box.id,
    maxclass: box.maxclass,
    numinlets: box.ports.inlets,
    numoutlets: box.ports.outlets,
    patching_rect: [...place],
  };
  if (box.ports.outlets > 0) json.outlettype = box.ports.types;
  if (box.text !== undefined) json.text = box.text;
  if (box.presentation) {
    json.presentation = 1;
    json.presentation_rect = [...box.presentation];
  }
  return { box: { ...json, ...box.attributes } };
}

export function cordJson(cord: Cord): Json {
  return { patchline: { source: cord.from, destination: cord.to } };
}
