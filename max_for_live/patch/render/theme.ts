/** Approximate colors of two of Live's themes. */

export interface Theme {
  name: "dark" | "light";
  /** Around the device. */
  desktop: string;
  header: string;
  surface: string;
  text: string;
  /** Disabled texts and lines. */
  dim: string;
  control: string;
  selection: string;
  /** Text of an active toggle. */
  selectionText: string;
  track: string;
  arc: string;
  needle: string;
  panel: string;
  panelText: string;
  panelDim: string;
  note: string;
  primer: string;
}

export const THEMES: Theme[] = [
  {
    name: "dark",
    desktop: "#242424",
    header: "#464646",
    surface: "#363636",
    text: "#c4c4c4",
    dim: "#7a7a7a",
    control: "#1f1f1f",
    selection: "#ffad56",
    selectionText: "#0a0a0a",
    track: "#1c1c1c",
    arc: "#03c3d5",
    needle: "#dcdcdc",
    panel: "#181818",
    panelText: "#d0d0d0",
    panelDim: "#828282",
    note: "#ffad56",
    primer: "#7c7c7c",
  },
  {
    name: "light",
    desktop: "#8c8c8c",
    header: "#bdbdbd",
    surface: "#d6d6d6",
    text: "#141414",
    dim: "#868686",
    control: "#f0f0f0",
    selection: "#ffad56",
    selectionText: "#0a0a0a",
    track: "#a9a9a9",
    arc: "#0093a8",
    needle: "#1c1c1c",
    panel: "#2a2a2a",
    panelText: "#e2e2e2",
    panelDim: "#9c9c9c",
    note: "#ffad56",
    primer: "#8e8e8e",
  },
];
