// How cosine and norms change from step to step.

import { NEAREST, adjust, text, axes, scale, through, dots, shape, line } from "./svg.js";

const COURSE_WIDTH = 380;
const COURSE_PLOT = { left: 52, right: 362, top: 30 };
/** With so few steps each is a dot of its own on its curve. */
const DOTTED = 80;
/** A canvas that measures the names of a legend, which are set in 11 pixels. */
const RULER = document.createElement("canvas").getContext("2d");

/** How wide a name of a legend is. */
function widthOf(name) {
  RULER.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  return RULER.measureText(name).width;
}

/**
 * A plot of curves against the step in an SVG. A curve has className, name, steps and values; `levels` are horizontal lines
 * with a name and a value.
 */
export function course(svg, { height, yLabel, xLabel }) {
  adjust(svg, { viewBox: `0 0 ${COURSE_WIDTH} ${height}` });
  const plot = { ...COURSE_PLOT, bottom: height - 46 };

  function draw({ curves, levels = [], last, range, isLog = false }) {
    const x = scale([0, Math.max(last, 1)], [plot.left, plot.right]);
    const y = scale(range, [plot.bottom, plot.top], isLog);
    const places = ({ steps, values }) => values.map((value, index) => [x.forward(steps[index]), y.forward(value)]);
    const parts = axes({ ...plot, x, y, xLabel, yLabel });
    for (const { value, name } of levels) {
      if (value < range[0] || value > range[1]) continue;
      const level = y.forward(value);
      parts.push(line(plot.left, level, plot.right, level, "level"));
      parts.push(text(plot.right - 5, level < plot.top + 16 ? level + 13 : level - 5, name, "tick", "end"));
    }
    for (const curve of curves) {
      const points = places(curve);
      parts.push(shape("path", { d: through(points, NEAREST), class: `curve ${curve.className}` }));
      if (curve.isExact && points.length <= DOTTED) {
        parts.push(shape("path", { d: dots(points), class: `dots ${curve.className}` }));
      }
    }
    parts.push(...legend(curves));
    svg.replaceChildren(...parts);
  }

  /** The names of the curves above the plot, from the right. */
  function legend(curves) {
    let right = plot.right;
    return [...curves].reverse().flatMap(({ className, name }) => {
      const left = right - widthOf(name) - 6;
      const parts = [
        text(right, plot.top - 7, name, "tick", "end"),
        line(left - 20, plot.top - 11, left, plot.top - 11, `curve ${className}`),
      ];
      right = left - 32;
      return parts;
    });
  }
  return { draw };
}

/** A range around values, with room at both ends. */
export function rangeOf(values, room = 0.06) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const margin = high - low > 1e-9 * high ? room * (high - low) : 0.05 * high;
  return [Math.max(0, low - margin), high + margin];
}
