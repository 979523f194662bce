/** Outlets of the main device's script; the patch has one cord, or more, for each. */
export const OUT = { ui: 0, node: 1, roll: 2, music: 3, patcher: 4, misc: 5 } as const;
