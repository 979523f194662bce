/** The part of Max's JavaScript API that the scripts use. */

declare function outlet(index: number, atoms: (string | number)[]): void;

/** Index of the inlet that received the message. */
declare const inlet: number;

declare class LiveAPI {
  constructor(path: string);
  constructor(callback: (args: (string | number)[]) => void, path: string);
  readonly id: string | number;
  readonly type: string;
  property: string;
  get(name: string): unknown;
  set(name: string, value: string | number): void;
  call(name: string, ...args: unknown[]): unknown;
}

declare class Dict {
  constructor(name?: string);
  readonly name: string;
  parse(json: string): void;
  stringify(): string;
  freepeer(): void;
}

declare class Task {
  constructor(action: () => void);
  schedule(milliseconds: number): void;
  cancel(): void;
  freepeer(): void;
}

declare const max: {
  version?: string;
  os?: string;
  osversion?: string;
  arch?: string;
  getcolor?(name: string): ArrayLike<number>;
};

declare const patcher: { filepath?: string } | undefined;

declare const mgraphics: {
  size: ArrayLike<number>;
  relative_coords: number;
  autofill: number;
  init(): void;
  redraw(): void;
  set_source_rgba(red: number, green: number, blue: number, alpha: number): void;
  rectangle(x: number, y: number, width: number, height: number): void;
  fill(): void;
};
