/** Finds the program magenta-bridge: at the user's path, on PATH, or in common places. */

import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

const NAME = "magenta-bridge";

/** The system to search; tests pass their own. */
export interface Environment {
  platform: string;
  env: Record<string, string | undefined>;
  home: string;
}

function currentEnvironment(): Environment {
  return { platform: process.platform, env: process.env, home: homedir() };
}

/** Return the program at a path, which may be its folder or a virtual environment. */
export function programAt(path: string, environment = currentEnvironment()): string | null {
  const file = nativePath(path, environment.platform);
  const inside = ["", "bin", "Scripts"].map((folder) => join(file, folder));
  const candidates = [file, ...inside.flatMap((folder) => namesIn(folder, environment))];
  return candidates.find(isProgram) ?? null;
}

/** Return the first program on PATH or in a common place; null for none. */
export function findProgram(environment = currentEnvironment()): string | null {
  const chosen = environment.env.MAGENTA_BRIDGE_PROGRAM;
  if (chosen) return programAt(chosen, environment);
  const path = (environment.env.PATH ?? environment.env.Path ?? "").split(delimiter);
  const folders = [...path, ...usualFolders(environment)].filter((folder) => folder !== "");
  return folders.flatMap((folder) => namesIn(folder, environment)).find(isProgram) ?? null;
}

/** Convert a path of Max: "Macintosh HD:/Users/me/x" on a Mac, slashes on Windows. */
export function nativePath(path: string, platform: string = process.platform): string {
  const plain = path.trim().replace(/^"(.*)"$/, "$1");
  if (platform === "win32") return plain;
  const volume = /^[^/:]+:(\/.*)$/.exec(plain);
  return volume?.[1] ?? plain;
}

/** On a Mac, GUI programs do not have the shell's PATH. */
function usualFolders({ platform, env, home }: Environment): string[] {
  if (platform === "win32") return windowsFolders(env, home);
  const folders = [
    join(home, ".local", "bin"),
    join(home, ".local", "pipx", "venvs", NAME, "bin"),
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "/opt/local/bin",
    join(home, "bin"),
    ...["miniconda3", "anaconda3", "miniforge3", "mambaforge"].map((kind) =>
      join(home, kind, "bin"),
    ),
    join(home, ".pyenv", "shims"),
  ];
  if (platform !== "darwin") return folders;
  return [
    ...folders,
    ...versions(join(home, "Library", "Python")).map((folder) => join(folder, "bin")),
    ...versions("/Library/Frameworks/Python.framework/Versions").map((folder) =>
      join(folder, "bin"),
    ),
  ];
}

function windowsFolders(env: Environment["env"], home: string): string[] {
  const roots = [
    join(env.LOCALAPPDATA ?? join(home, "AppData", "Local"), "Programs", "Python"),
    join(env.APPDATA ?? join(home, "AppData", "Roaming"), "Python"),
  ];
  const scripts = roots.flatMap(versions).map((folder) => join(folder, "Scripts"));
  const conda = ["miniconda3", "anaconda3", "miniforge3"].map((kind) =>
    join(home, kind, "Scripts"),
  );
  return [
    join(home, ".local", "bin"),
    join(home, "pipx", "venvs", NAME, "Scripts"),
    ...scripts,
  ].concat(conda);
}

/** Return the subfolders, the newest version first. */
function versions(folder: string): string[] {
  try {
    const names = readdirSync(folder);
    names.sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
    return names.map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function namesIn(folder: string, { platform }: Environment): string[] {
  return [join(folder, platform === "win32" ? `${NAME}.exe` : NAME)];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
