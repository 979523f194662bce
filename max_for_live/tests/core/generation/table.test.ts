import assert from "node:assert/strict";
import { test } from "node:test";

import controls from "../../../controls.json";
import { CONTROLS_OF_TOOLS, TOOLS } from "../../../core/generation/tools.ts";
import { clip, DeviceFixture, MELODY } from "../device_fixture.ts";

const IDS = new Set((controls as { id: string }[]).map(({ id }) => id));

test("every control that the device uses is in controls.json", () => {
  const fixture = new DeviceFixture([MELODY]).connect();
  fixture.live.selected = clip([{ pitch: 60, start_time: 0, duration: 1 }]);
  fixture.device.control("chord_learn");
  fixture.device.control("tool_continue", 1);
  fixture.device.control("go");
  fixture.variation(0);
  fixture.device.control("audition", 1);
  fixture.device.picked("/bin/magenta-bridge");
  const { values, menus, ranges, texts, gray, hidden } = fixture.view;
  const shown = [values, menus, ranges, texts, gray, hidden].flatMap((part) => [...part.keys()]);
  const tools = TOOLS.map(({ id }) => `tool_${id}`);
  const known = [...shown, ...tools, ...Object.keys(CONTROLS_OF_TOOLS)];
  assert.deepEqual(
    known.filter((id) => !IDS.has(id)),
    [],
  );
});
