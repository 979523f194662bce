/** The API's messages in protobuf's JSON form: camelCase names, no defaults, int64 as string. */

export interface Note {
  pitch?: number;
  velocity?: number;
  /** Seconds. */
  startTime?: number;
  /** Seconds. */
  endTime?: number;
  instrument?: number;
  program?: number;
  isDrum?: boolean;
}

export interface NoteSequence {
  notes?: Note[];
  tempos?: { time?: number; qpm?: number }[];
  timeSignatures?: { time?: number; numerator?: number; denominator?: number }[];
  /** Seconds. */
  totalTime?: number;
}

export interface ArgumentValue {
  intValue?: number;
  floatValue?: number;
  boolValue?: boolean;
  stringValue?: string;
}

interface Section {
  /** Seconds on the primer's timeline. */
  startTime?: number;
  endTime?: number;
}

export interface GeneratorOptions {
  inputSections?: Section[];
  generateSections?: Section[];
  args?: Record<string, ArgumentValue>;
}

export interface Argument {
  name: string;
  type:
    | "ARGUMENT_TYPE_INT"
    | "ARGUMENT_TYPE_FLOAT"
    | "ARGUMENT_TYPE_BOOL"
    | "ARGUMENT_TYPE_STRING"
    | string;
  minimum?: number;
  maximum?: number;
  defaultValue?: ArgumentValue;
  unit?: string;
  help?: string;
}

export interface Generator {
  id: string;
  description?: string;
  family?: string;
  encoding?: string;
  /** For example "CAPABILITY_GENERATE"; a later server may send unknown ones. */
  capabilities?: string[];
  arguments?: Argument[];
  stepsPerQuarter?: number;
  status?: string;
  statusMessage?: string;
}

export interface ListGeneratorsResponse {
  generators?: Generator[];
  nextPageToken?: string;
}

/** For both GenerateRequest and StreamGenerateRequest. */
export interface GenerateRequest {
  generatorId: string;
  primer?: NoteSequence;
  options?: GeneratorOptions;
  /** An int64, as string. */
  seed?: string;
  variations?: number;
  requestId?: string;
}

/** The part of a primer that a generator did not use. */
export interface Notice {
  /** For example "DRUMS_NOT_READ"; a later server may send ones unknown here. */
  code?: string;
  message?: string;
}

export interface GenerateResponse {
  sequences?: NoteSequence[];
  seed?: string;
  notices?: Notice[];
}

export interface StreamGenerateResponse {
  variation?: number;
  chunk?: NoteSequence;
  /** Seconds on the primer's timeline. */
  completeUntil?: number;
  last?: boolean;
  seed?: string;
  /** In the first piece of the first variation. */
  notices?: Notice[];
}
