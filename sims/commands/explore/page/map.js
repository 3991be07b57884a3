// The convergence map: steps over leg ratio and angle, with the pair on it, its dual, and the curve of one step.

import { stepsOfPair, secondOrderSteps, halfTangentAt, oneStepBand, dual } from "./numerics.js";
import { shape, adjust, text, axes, scale, line, through } from "./svg.js";

const [MAP_WIDTH, MAP_HEIGHT] = [380, 318];
const MAP_PLOT = { left: 44, top: 30, right: 366, bottom: 238 };
const LEGS = [1e-4, 1e4];
const [COLUMNS, ROWS] = [128, 72];
/** Below this step the closed form gives the colour, above it D1 counts. */
const SMALL = 0.02;
const MAP_BUDGET = 4000;
/** Colours from few steps to many, as in the figures of the report, and the largest count that has one of its own. */
const COLOURS = ["fde725", "addc30", "5ec962", "28ae80", "21918c", "2c728e", "3b528b", "472d7b", "440154"]
  .map((colour) => [0, 2, 4].map((place) => parseInt(colour.slice(place, place + 2), 16)));
const MOST = 1e5;
/** Factors of one arrow key, in angle and in leg ratio. */
const KEY = { angle: Math.PI / 90, legs: 1.1 };

const LEG_SCALE = scale(LEGS, [MAP_PLOT.left, MAP_PLOT.right], true);
const ANGLE_SCALE = scale([0, Math.PI], [MAP_PLOT.bottom, MAP_PLOT.top]);
const ANGLE_TICKS = [[0, "0"], [Math.PI / 4, "π/4"], [Math.PI / 2, "π/2"], [(3 * Math.PI) / 4, "3π/4"], [Math.PI, "π"]];
const LEG_TICKS = [[1e-4, "10⁻⁴"], [1e-2, "10⁻²"], [1, "1"], [1e2, "10²"], [1e4, "10⁴"]];

/** The pair at a leg ratio s√(αβ) and an angle, with norms of this ratio ρ_j/ρ_i; `held`: the second member stands. */
export function pairAt(legs, angle, ratio, held) {
  const alpha = (legs * (held ? 1 : ratio)) / Math.sin(angle);
  return { k: Math.tan(0.5 * angle), alpha, beta: held ? 0 : alpha / (ratio * ratio) };
}

/** About how many steps a pair needs, for a colour. */
function aboutSteps(pair, epsilon) {
  const small = (it) => Math.max(it.alpha, it.beta) <= SMALL;
  if (pair.k <= halfTangentAt(epsilon)) return 0;
  if (small(pair)) return secondOrderSteps(pair, epsilon);
  const mirrored = dual(pair);
  // Both members of a pair and its dual need the same count (L7), wherever the dual needs a step too.
  if (mirrored && small(mirrored) && mirrored.k > halfTangentAt(epsilon)) return secondOrderSteps(mirrored, epsilon);
  return stepsOfPair(pair, epsilon, MAP_BUDGET).steps;
}

/** The map as the address of a picture. */
function picture(epsilon, ratio, held) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [COLUMNS, ROWS];
  const context = canvas.getContext("2d");
  const image = context.createImageData(COLUMNS, ROWS);
  for (let row = 0; row < ROWS; row += 1) {
    const angle = Math.PI * (1 - (row + 0.5) / ROWS);
    for (let column = 0; column < COLUMNS; column += 1) {
      const legs = LEGS[0] * (LEGS[1] / LEGS[0]) ** ((column + 0.5) / COLUMNS);
      const colour = colourOf(aboutSteps(pairAt(legs, angle, ratio, held), epsilon));
      image.data.set([...colour, 255], 4 * (row * COLUMNS + column));
    }
  }
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

function colourOf(steps) {
  const share = Math.min(1, Math.log(Math.max(1, steps)) / Math.log(MOST)) * (COLOURS.length - 1);
  const below = Math.min(COLOURS.length - 2, Math.floor(share));
  return COLOURS[below].map((value, channel) => value + (COLOURS[below + 1][channel] - value) * (share - below));
}

/** The bar that says which colour is how many steps. */
function colourBar() {
  const [left, right, top] = [MAP_PLOT.left + 96, MAP_PLOT.right, 284];
  const width = (right - left) / 40;
  const cells = Array.from({ length: 40 }, (_, index) => shape("rect", {
    x: left + index * width, y: top, width: width + 0.4, height: 9,
    fill: `rgb(${colourOf(MOST ** ((index + 0.5) / 40)).map(Math.round)})`,
  }));
  const names = [[1, "1"], [10, "10"], [100, "100"], [1000, "1000"], [10000, "10⁴"], [100000, "10⁵"]].map(([value, name]) =>
    text(left + ((right - left) * Math.log10(value)) / 5, top + 22, name, "tick", "middle"));
  return [text(MAP_PLOT.left, top + 9, "steps", "tick"), ...cells, ...names];
}

/** The curve us = tan(φ0/2) of pairs of equal norms that one step aligns, and the edges of its band. */
function curves(epsilon) {
  const angles = Array.from({ length: 120 }, (_, index) => ((index + 0.5) * Math.PI) / 120);
  const along = (legs) => through(angles.map((angle) => {
    const value = legs(Math.tan(0.5 * angle));
    return value > LEGS[0] && value < LEGS[1] ? [LEG_SCALE.forward(value), ANGLE_SCALE.forward(angle)] : [NaN, NaN];
  }));
  return [
    shape("path", { d: along((k) => oneStepBand(k, epsilon)[0]), class: "band" }),
    shape("path", { d: along((k) => oneStepBand(k, epsilon)[1]), class: "band" }),
    shape("path", { d: along((k) => k), class: "best" }),
  ];
}

/** The map in an SVG. `moved` is told a leg ratio and an angle when the reader moves the point. */
export function convergenceMap(svg, moved) {
  adjust(svg, { viewBox: `0 0 ${MAP_WIDTH} ${MAP_HEIGHT}` });
  const { left, top, right, bottom } = MAP_PLOT;
  const image = shape("image", { x: left, y: top, width: right - left, height: bottom - top, preserveAspectRatio: "none" });
  const marks = shape("g");
  const axisName = text((left + right) / 2, bottom + 33, "", "label", "middle");
  const point = shape("g", {
    class: "point", tabindex: 0, role: "group", "aria-roledescription": "movable point",
    "aria-label": "The pair on the map: arrow keys left and right change its norm, up and down its angle",
  });
  svg.append(image, ...axes({
    ...MAP_PLOT, x: LEG_SCALE, y: ANGLE_SCALE, xTicks: LEG_TICKS, yTicks: ANGLE_TICKS,
    yLabel: "initial angle φ",
  }), axisName, ...colourBar(), marks, point);
  let drawn = "";
  let place = { legs: 1, angle: 1 };

  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
  function draw({ legs, angle, mirrored, epsilon, ratio, held }) {
    place = { legs, angle };
    const key = `${epsilon} ${ratio} ${held}`;
    if (key !== drawn) adjust(image, { href: picture(epsilon, ratio, held) });
    drawn = key;
    axisName.textContent = `leg ratio γ sin φ/${held ? "ρᵢ²" : "(ρᵢρⱼ)"}: short norms to the right`;
    const coordinates = (it) => [
      clamp(LEG_SCALE.forward(it.legs), left, right), clamp(ANGLE_SCALE.forward(it.angle), top, bottom),
    ];
    const [x, y] = coordinates(place);
    const parts = ratio === 1 && !held ? curves(epsilon) : [];
    if (mirrored) {
      const [there, height] = coordinates(mirrored);
      parts.push(line(x, y, there, height, "to-dual"), shape("circle", { cx: there, cy: height, r: 7, class: "dual" }));
      parts.push(...tag(there, height, "dual"));
    }
    marks.replaceChildren(...parts);
    point.replaceChildren(
      shape("circle", { cx: x, cy: y, r: 16, class: "grip" }), shape("circle", { cx: x, cy: y, r: 7, class: "here" }),
      ...tag(x, y, "pair"));
  }

  function tag(x, y, name) {
    const isRight = x > right - 60;
    const below = y < top + 24;
    return [text(isRight ? x - 11 : x + 11, below ? y + 16 : y - 9, name, "tag", isRight ? "end" : "start")];
  }

  function follow(event) {
    const box = svg.getBoundingClientRect();
    const unit = MAP_WIDTH / box.width;
    const [x, y] = [(event.clientX - box.left) * unit, (event.clientY - box.top) * unit];
    moved(LEG_SCALE.back(clamp(x, left, right)), clamp(ANGLE_SCALE.back(clamp(y, top, bottom)), 0.01, Math.PI - 0.01));
  }

  let isDragged = false;
  svg.addEventListener("pointerdown", (event) => {
    const box = svg.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top].map((it) => (it * MAP_WIDTH) / box.width);
    if (x < left - 8 || x > right + 8 || y < top - 8 || y > bottom + 8) return;
    isDragged = true;
    svg.setPointerCapture(event.pointerId);
    point.focus({ preventScroll: true });
    follow(event);
  });
  svg.addEventListener("pointermove", (event) => isDragged && follow(event));
  for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => (isDragged = false));
  point.addEventListener("keydown", (event) => {
    const ways = { ArrowLeft: [1 / KEY.legs, 0], ArrowRight: [KEY.legs, 0], ArrowUp: [1, KEY.angle], ArrowDown: [1, -KEY.angle] };
    const way = ways[event.key];
    if (!way) return;
    event.preventDefault();
    // A second key may come before the first one is drawn.
    place = { legs: place.legs * way[0], angle: clamp(place.angle + way[1], 0.01, Math.PI - 0.01) };
    moved(place.legs, place.angle);
  });
  return { draw };
}
