import assert from "node:assert/strict";
import { test } from "node:test";

import controls from "../../../controls.json";
import { CONTROLS_OF_TOOLS, TOOLS } from "../../../core/generation/tools.ts";
import { clip, DeviceStage, MELODY } from "../device_stage.ts";

const IDS = new Set((controls as { id: string }[]).map(({ id }) => id));

test("every control that the device shows or moves is in the table of controls", () => {
  const stage = new DeviceStage([MELODY]).connect();
  stage.live.selected = clip([{ pitch: 60, start_time: 0, duration: 1 }]);
  stage.device.control("chord_learn");
  stage.device.control("tool_continue", 1);
  stage.device.control("go");
  stage.variation(0);
  stage.device.control("audition", 1);
  stage.device.picked("/bin/magenta-bridge");
  const { values, menus, ranges, texts, gray, hidden } = stage.view;
  const shown = [values, menus, ranges, texts, gray, hidden].flatMap((part) => [...part.keys()]);
  const tools = TOOLS.map(({ id }) => `tool_${id}`);
  const known = [...shown, ...tools, ...Object.keys(CONTROLS_OF_TOOLS)];
  assert.deepEqual(
    known.filter((id) => !IDS.has(id)),
    [],
  );
});
