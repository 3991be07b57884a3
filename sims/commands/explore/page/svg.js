// Drawing: elements of SVG, scales and axes.

import { raised } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** An element of a drawing. */
export function shape(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  adjust(element, attributes);
  element.append(...children);
  return element;
}

/** Sets attributes; null takes one away. */
export function adjust(element, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null) element.removeAttribute(key);
    else element.setAttribute(key, value);
  }
}

/** A coordinate with one decimal. */
export function at(value) {
  return Math.round(value * 10) / 10;
}

/** A straight line. */
export function line(x1, y1, x2, y2, className) {
  return shape("line", { x1: at(x1), y1: at(y1), x2: at(x2), y2: at(y2), class: className });
}

/** A text; `anchor` is start, middle or end. */
export function text(x, y, words, className = "", anchor = "start") {
  return shape("text", { x: at(x), y: at(y), class: className, "text-anchor": anchor }, words);
}

/** A scale from values to coordinates. */
export function scale([low, high], [from, to], log = false) {
  const place = log ? Math.log10 : (value) => value;
  const [start, span] = [place(low), place(high) - place(low)];
  const forward = (value) => from + ((place(value) - start) / span) * (to - from);
  const back = (coordinate) => {
    const position = start + ((coordinate - from) / (to - from)) * span;
    return log ? 10 ** position : position;
  };
  return { forward, back, low, high, log };
}

/** Round values within a scale, at most about `most`. */
export function ticks({ low, high, log }, most) {
  if (log) {
    const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
    const every = Math.max(1, Math.ceil((last - first) / most));
    const found = [];
    for (let power = first; power <= last; power += every) found.push(10 ** power);
    return found.length > 1 ? found : ticks({ low, high, log: false }, most);
  }
  const rough = (high - low) / most;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((factor) => factor * unit >= rough);
  const found = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + 1e-9 * step; index += 1) found.push(index * step);
  return found;
}

/** The names of values on an axis, each with the value: in as many digits as tell them apart. */
export function named(values) {
  let names;
  for (let digits = 4; digits <= 12; digits += 1) {
    names = values.map((value) => tickName(value, digits));
    if (new Set(names).size === values.length) break;
  }
  return values.map((value, index) => [value, names[index]]);
}

function tickName(value, digits) {
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude >= 1e4 || magnitude < 1e-2)) {
    const [mantissa, power] = value.toExponential(digits - 2).split("e");
    return Number(mantissa) === 1 ? `10${raised(Number(power))}` : `${Number(mantissa)}e${Number(power)}`.replaceAll("-", "−");
  }
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

/** The frame, grid and labels of a plot. `plot` has left, top, right, bottom, x and y; labels and own ticks are optional. */
export function axes({ left, top, right, bottom, x, y, xLabel, yLabel, xTicks, yTicks }) {
  const parts = [];
  for (const [value, name] of xTicks ?? named(ticks(x, 5))) {
    const place = x.forward(value);
    parts.push(line(place, top, place, bottom, "grid"), text(place, bottom + 15, name, "tick", "middle"));
  }
  for (const [value, name] of yTicks ?? named(ticks(y, 4))) {
    const place = y.forward(value);
    parts.push(line(left, place, right, place, "grid"), text(left - 6, place + 4, name, "tick", "end"));
  }
  parts.push(shape("rect", { x: left, y: top, width: right - left, height: bottom - top, class: "frame" }));
  if (xLabel) parts.push(text((left + right) / 2, bottom + 33, xLabel, "label", "middle"));
  if (yLabel) parts.push(text(left, top - 7, yLabel, "label"));
  return parts;
}

/**
 * The path through points, each an [x, y]; a point that is not finite breaks it. Points nearer than `nearest` to the one before
 * are left out, but the last of a stretch.
 */
export function through(points, nearest = 0) {
  let path = "";
  let last = null;
  points.forEach(([x, y], index) => {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      last = null;
      return;
    }
    const isEnd = !Number.isFinite(points[index + 1]?.[0] ?? NaN);
    if (last && !isEnd && Math.abs(x - last[0]) < nearest && Math.abs(y - last[1]) < nearest) return;
    path += `${last ? "L" : "M"}${at(x)} ${at(y)}`;
    last = [x, y];
  });
  return path;
}

/** Points of a drawing nearer than this are seen as one. */
export const NEAREST = 0.7;

/** Dots as one path: strokes of no length with round ends. Dots in the place of the last one are left out. */
export function dots(points, nearest = NEAREST) {
  let path = "";
  let [lastX, lastY] = [Infinity, Infinity];
  for (const [x, y] of points) {
    if (Math.abs(x - lastX) < nearest && Math.abs(y - lastY) < nearest) continue;
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    path += `M${at(x)} ${at(y)}h0`;
    [lastX, lastY] = [x, y];
  }
  return path;
}
