/** Max's mgraphics, which records the shapes and returns them as SVG. */

type Color = [number, number, number, number];

interface Shape {
  path: string;
  color: Color;
}

export class Mgraphics {
  size: [number, number];
  relative_coords = 1;
  autofill = 1;
  redraws = 0;
  shapes: Shape[] = [];
  private color: Color = [0, 0, 0, 1];
  private path = "";

  constructor(width: number, height: number) {
    this.size = [width, height];
  }

  init(): void {}

  redraw(): void {
    this.redraws += 1;
  }

  /** Set the color from four numbers, or from a list of them. */
  set_source_rgba(...color: (number | number[])[]): void {
    const [red = 0, green = 0, blue = 0, alpha = 1] = color.flat();
    this.color = [red, green, blue, alpha];
  }

  rectangle(x: number, y: number, width: number, height: number): void {
    this.path += `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}z`;
  }

  fill(): void {
    this.shapes.push({ path: this.path, color: this.color });
    this.path = "";
  }

  toSvg(): string {
    const [width, height] = this.size;
    const shapes = this.shapes.map((shape) => `  ${drawn(shape)}`).join("\n");
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">\n${shapes}\n</svg>\n`;
  }
}

function drawn({ path, color }: Shape): string {
  const paint = `rgb(${color
    .slice(0, 3)
    .map((part) => Math.round(part * 255))
    .join(",")})`;
  const opacity = color[3] < 1 ? ` opacity="${round(color[3])}"` : "";
  return `<path d="${path}" fill="${paint}"${opacity}/>`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
