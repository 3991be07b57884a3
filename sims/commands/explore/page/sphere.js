// The pair on the sphere, seen from afar: turned by dragging or with the arrow keys.

import { FIELDS } from "./state.js";
import { NEAREST, shape, adjust, text, through, dots } from "./svg.js";

const [SPHERE_WIDTH, SPHERE_HEIGHT, RADIUS] = [380, 318, 144];
const [CENTRE, MIDDLE] = [SPHERE_WIDTH / 2, SPHERE_HEIGHT / 2];
/** Radians per key, and per unit of the drawing under the pointer. */
const [PER_KEY, PER_UNIT] = [0.12, 1 / RADIUS];
const START_OF_VIEW = { yaw: FIELDS.yaw.value, pitch: FIELDS.pitch.value };

/** The great circles that are drawn: the equator and four meridians. */
const CIRCLES = [circle([1, 0, 0], [0, 1, 0])].concat(
  [0, 1, 2, 3].map((quarter) => {
    const longitude = (quarter * Math.PI) / 4;
    return circle([Math.cos(longitude), Math.sin(longitude), 0], [0, 0, 1]);
  }),
);

function circle(one, other) {
  return Array.from({ length: 73 }, (_, index) => {
    const turn = (index * Math.PI) / 36;
    return one.map((value, axis) => Math.cos(turn) * value + Math.sin(turn) * other[axis]);
  });
}

/** A function from directions to coordinates of the drawing and a depth, positive in front. */
function projection({ yaw, pitch }) {
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  return ([x, y, z]) => {
    const [across, away] = [cy * x - sy * y, sy * x + cy * y];
    return [CENTRE + RADIUS * across, MIDDLE - RADIUS * (cp * z + sp * away), sp * z - cp * away];
  };
}

/** A full turn less where it leaves the domain of the address, with the digits that stand there. */
const around = (yaw) => Number((yaw - 2 * Math.PI * Math.round(yaw / (2 * Math.PI))).toFixed(3));

/** A sphere in an SVG; `draw` shows a path and a view, `turned` is told the view to which the reader turns it. */
export function sphere(svg, turned) {
  let view = { ...START_OF_VIEW };
  let shown = { members: [] };
  adjust(svg, { viewBox: `0 0 ${SPHERE_WIDTH} ${SPHERE_HEIGHT}` });
  const ball = shape("circle", { cx: CENTRE, cy: MIDDLE, r: RADIUS, class: "ball" });
  const grids = { behind: shape("path", { class: "grid behind" }), front: shape("path", { class: "grid" }) };
  const layers = shape("g");
  svg.append(ball, grids.behind, grids.front, layers, shape("circle", { cx: CENTRE, cy: MIDDLE, r: RADIUS, class: "rim" }));

  function draw(next = shown) {
    shown = next;
    view = next.view ?? view;
    const project = projection(view);
    const side = (isFront) => CIRCLES.map((points) => through(points.map(project).map(([x, y, depth]) =>
      depth > 0 === isFront ? [x, y] : [NaN, NaN]))).join("");
    adjust(grids.behind, { d: side(false) });
    adjust(grids.front, { d: side(true) });
    const members = shown.members.map((member) => ({ ...member, places: member.points.map(project) }));
    const drawn = members.flatMap(({ places }) => places);
    layers.replaceChildren(...members.flatMap(memberLayers), ...members.map((member) => memberName(member, drawn)));
  }

  function turn(yaw, pitch) {
    see({ yaw: around(view.yaw + yaw), pitch: Number(Math.max(-1.5, Math.min(1.5, view.pitch + pitch)).toFixed(3)) });
  }

  function see(next) {
    draw({ ...shown, view: next });
    turned(next);
  }

  let from = null;
  svg.addEventListener("pointerdown", (event) => {
    from = [event.clientX, event.clientY];
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    if (!from) return;
    const unit = (SPHERE_WIDTH / svg.clientWidth) * PER_UNIT;
    const [across, down] = [event.clientX - from[0], event.clientY - from[1]];
    from = [event.clientX, event.clientY];
    turn(across * unit, down * unit);
  });
  for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => (from = null));
  svg.addEventListener("keydown", (event) => {
    const keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = keys[event.key];
    if (!way && event.key !== "Home") return;
    event.preventDefault();
    if (way) return turn(way[0] * PER_KEY, way[1] * PER_KEY);
    see({ ...START_OF_VIEW });
  });
  return { draw, turn };
}

/** The path of one member: every step a dot, faint behind the sphere; a ring where it starts, a disc where it ends. */
function memberLayers({ className, places }) {
  const front = places.map(([x, y, depth]) => (depth >= 0 ? [x, y] : [NaN, NaN]));
  const behind = places.map(([x, y, depth]) => (depth < 0 ? [x, y] : [NaN, NaN]));
  const [start, end] = [places[0], places.at(-1)];
  const faint = (depth) => (depth < 0 ? " behind" : "");
  const many = places.length > 600 ? " many" : places.length > 150 ? " some" : "";
  return [
    shape("path", { d: through(behind, NEAREST), class: `way behind ${className}` }),
    shape("path", { d: dots(behind), class: `dots behind ${className}${many}` }),
    shape("path", { d: through(front, NEAREST), class: `way ${className}` }),
    shape("path", { d: dots(front), class: `dots ${className}${many}` }),
    shape("circle", { cx: start[0].toFixed(1), cy: start[1].toFixed(1), r: 6, class: `start ${className}${faint(start[2])}` }),
    shape("circle", { cx: end[0].toFixed(1), cy: end[1].toFixed(1), r: 5, class: `end ${className}${faint(end[2])}` }),
  ];
}

/** The name of a member beside its start, on the side with the most room to the paths. */
function memberName({ className, label, places: [[x, y]] }, drawn) {
  const room = ([across, down]) => {
    let least = Infinity;
    for (const [placeX, placeY] of drawn) least = Math.min(least, (placeX - x - across) ** 2 + (placeY - y - down) ** 2);
    return least;
  };
  // The outer side comes first: it stays where others have no more room.
  const outer = x >= CENTRE ? 1 : -1;
  const beside = (eighth) => [18 * outer * Math.cos((eighth * Math.PI) / 4), -18 * Math.sin((eighth * Math.PI) / 4)];
  const sides = [0, 2, 6, 1, 7, 3, 5, 4].map(beside).map((side) => ({ side, room: Math.min(room(side), 14 ** 2) }));
  const { side: [across, down] } = sides.reduce((best, next) => (next.room > best.room ? next : best));
  return text(x + across, y + down + 4, label, `name ${className}`, "middle");
}
