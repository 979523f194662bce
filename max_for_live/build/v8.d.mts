/** Each script's name and its source below `max_for_live/`. */
export const V8_SCRIPTS: {
  live: string;
  generator: string;
  transformation: string;
  roll: string;
};

/** Returns the text of one script for Max's v8. */
export function bundleV8(name: keyof typeof V8_SCRIPTS): Promise<string>;
