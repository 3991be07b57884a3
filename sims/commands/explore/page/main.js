// The page as a whole: fields, tabs, and what happens when a value changes.

import { facts, brief, make, linked, statementEntries, whole, commandWords } from "./words.js";
import { FIELDS, know, defaults, refusal, valueOf, read, written } from "./state.js";
import { sphere } from "./sphere.js";
import { convergenceMap } from "./map.js";
import { course, rangeOf } from "./course.js";
import { solve, told, commandOf, coordinates, PRESETS, COUNTED } from "./pair.js";
import { showTraining } from "./training.js";
import { savedFigure, offer, copy } from "./sharing.js";

/** Positions of a slider. */
const SLIDER = 1000;
/** After so many milliseconds without a change the sentence is read aloud and the address written. */
const QUIET = 400;
const SPOKEN_OF = ["G4", "D1", "D2", "L1", "L2", "L3", "L5", "L6", "L7", "L8", "S1", "S2", "S3", "S4", "S7", "S9"];

const find = (id) => document.getElementById(id);
let state;
let frame = 0;
let quiet = 0;

const drawings = {
  sphere: sphere(find("sphere"), turned),
  map: convergenceMap(find("map"), moveOnMap),
  cosine: course(find("cosine"), { height: 220, yLabel: "cos φ", xLabel: "step" }),
  norms: course(find("norms"), { height: 220, yLabel: "norm", xLabel: "step" }),
};

/** A state whose second norm is the first one where both are equal. */
function consistent(state) {
  return state.same ? { ...state, second: state.norm } : state;
}

/** Takes over changes, and draws before the next frame. */
function change(changes) {
  state = consistent({ ...state, ...changes });
  if (!frame) frame = requestAnimationFrame(show);
}

/** Takes over how the sphere is seen: it is drawn already. */
function turned(view) {
  Object.assign(state, view);
  rest();
}

function moveOnMap(legs, angle) {
  const ratio = state.second / state.norm;
  const ofOne = (legs / Math.sin(angle)) * (state.held ? 1 : ratio);
  const inside = (name, value) => Math.min(FIELDS[name].high, Math.max(FIELDS[name].low, Number(value.toPrecision(5))));
  const norm = inside("norm", Math.sqrt(state.rate / ofOne));
  change({ norm, second: inside("second", norm * ratio), angle: inside("angle", angle) });
}

function show() {
  frame = 0;
  fill();
  const isPair = state.tab === "pair";
  for (const name of ["pair", "training"]) {
    const isOpen = state.tab === name;
    find(`tab-${name}`).setAttribute("aria-selected", String(isOpen));
    find(`tab-${name}`).tabIndex = isOpen ? 0 : -1;
    find(`panel-${name}`).hidden = !isOpen;
  }
  if (isPair) showPair();
  else showTraining(state);
  rest();
}

/** Waits anew for the reader to pause. */
function rest() {
  clearTimeout(quiet);
  quiet = setTimeout(settle, QUIET);
}

/** What waits until the reader pauses. */
function settle() {
  const fragment = written(state);
  if (fragment !== location.hash.replace(/^#/, "")) history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname + location.search);
  const verdict = find("verdict");
  if (find("spoken").textContent !== verdict.textContent) find("spoken").textContent = verdict.textContent;
}

function showPair() {
  const solved = solve(state);
  const { verdict, list } = told(state, solved);
  find("verdict").textContent = verdict;
  find("found").replaceChildren(...list.map(([term, words]) =>
    make("div", {}, make("dt", {}, term), make("dd", {}, ...linked(words)))));
  find("pair-command").replaceChildren(...commandWords(commandOf(state)));
  const isFresh = solved.model === "fresh";
  for (const name of ["map", "cosine"]) find(`box-${name}`).hidden = isFresh || (name === "map" && !solved.isPlain);
  find("drawings").classList.toggle("without-map", !isFresh && !solved.isPlain);
  drawPath(solved, isFresh);
  if (solved.isPlain) drawMap(solved);
  drawCourses(solved, isFresh);
}

function drawPath({ run }, isFresh) {
  const members = [["first", isFresh ? "z" : "zᵢ"], ["second", "zⱼ"]];
  drawings.sphere.draw({
    view: { yaw: state.yaw, pitch: state.pitch },
    members: run.path.points.map((points, index) => ({ className: members[index][0], label: members[index][1], points })),
  });
  const every = run.path.every;
  find("path-note").textContent = every === 1
    ? "Every step is a dot; rings are where the path starts. Drag to turn the sphere."
    : `Of ${whole(run.path.steps.at(-1))} steps one in ${every} is a dot. Drag to turn the sphere.`;
}

function drawMap({ legs, mirrored }) {
  const { angle, tolerance: epsilon, held } = state;
  const there = mirrored && { legs: 1 / legs, angle: mirrored.angle };
  const ratio = state.second / state.norm;
  drawings.map.draw({ legs, angle, mirrored: held ? null : there, epsilon, ratio, held });
  find("map-note").textContent = mapNote(ratio === 1, held);
}

/** What the map shows: the best norm is that of equal norms, and its symmetry that of two members that move. */
function mapNote(isEqual, held) {
  if (held) return "Drag the point. One member is held still: the map has no symmetry.";
  const line = isEqual ? "Along the white line one step is enough, between the dotted ones too; a" : "A";
  return `Drag the point. ${line} half-turn about the middle changes no count.`;
}

function drawCourses({ run, flow, balance }, isFresh) {
  const { path } = run;
  const last = path.steps.at(-1);
  const isExact = path.every === 1;
  if (!isFresh) {
    const cosines = path.oneMinus.map((oneMinus) => 1 - oneMinus);
    const curves = [];
    if (flow) {
      const steps = Array.from({ length: 121 }, (_, index) => (last * index) / 120);
      curves.push({ className: "theory", name: "gradient flow (L1)", steps, values: steps.map((step) => 1 - flow(step)) });
    }
    curves.push({ className: "both", name: "counted", steps: path.steps, values: cosines, isExact });
    drawings.cosine.draw({ curves, last, range: [-1.05, 1.05] });
  }
  const isOne = isFresh || (state.same && !state.held && state.optimizer === "gradient-descent");
  const names = isFresh ? ["ρ"] : isOne ? ["ρᵢ = ρⱼ"] : ["ρᵢ", "ρⱼ"];
  const curves = path.norms.slice(0, names.length).map((values, index) => ({ className: ["first", "second"][index], name: names[index], steps: path.steps, values, isExact }));
  const levels = balance ? [{ value: balance.norm, name: "equilibrium (S3)" }] : [];
  const range = rangeOf([...path.norms.flat(), ...levels.map(({ value }) => value)]);
  drawings.norms.draw({ curves: curves.reverse(), levels, last, range });
}

/** A field with its label: a number with a slider, a choice, a switch. */
function control(name, label, hint = "") {
  const field = FIELDS[name];
  const id = `field-${name}`;
  const named = make("label", { for: id, id: `${id}-name` }, label);
  const hinted = hint ? make("span", { class: "hint", id: `${id}-hint` }, hint) : "";
  const described = { "aria-describedby": `${id}-why${hint ? ` ${id}-hint` : ""}` };
  if (field.kind === "flag") {
    const box = make("input", { type: "checkbox", id, change: (event) => change({ [name]: event.target.checked }) });
    return make("div", { class: "control flag", "data-field": name }, box, named, hinted);
  }
  if (field.kind === "choice") {
    const options = field.values.map((value) => make("option", { value }, field.labels[value] ?? value));
    const select = make("select", { id, change: (event) => change({ [name]: event.target.value }) }, ...options);
    return make("div", { class: "control", "data-field": name }, named, select, hinted);
  }
  const input = make("input", { type: "text", inputmode: "decimal", id, autocomplete: "off", ...described, input: (event) => typed(name, event.target), change: () => fill() });
  const slider = field.noSlider ? "" : make("input", { type: "range", min: 0, max: SLIDER, step: 1, "aria-labelledby": named.id, input: (event) => change({ [name]: slid(field, Number(event.target.value)) }) });
  return make("div", { class: "control number", "data-field": name }, named, input, slider, hinted, make("span", { class: "why", id: `${id}-why`, role: "alert" }));
}

function typed(name, input) {
  const why = refusal(name, input.value);
  find(`${input.id}-why`).textContent = why ? `${why[0].toUpperCase()}${why.slice(1)}.` : "";
  input.setAttribute("aria-invalid", String(Boolean(why)));
  if (!why) change({ [name]: valueOf(name, input.value) });
}

/** The value at a position of a slider, with four digits. */
function slid(field, position) {
  const share = position / SLIDER;
  const value = field.log ? field.low * (field.high / field.low) ** share : field.low + share * (field.high - field.low);
  if (field.whole) return Math.round(value);
  return Math.min(field.high, Math.max(field.low, Number(value.toPrecision(4))));
}

function positionOf(field, value) {
  const share = field.log ? Math.log(value / field.low) / Math.log(field.high / field.low) : (value - field.low) / (field.high - field.low);
  return Math.round(SLIDER * share);
}

/** Writes the state into the fields, except where the reader is typing, and hides what does not matter. */
function fill() {
  const needless = hiddenFields();
  for (const box of document.querySelectorAll("[data-field]")) {
    const name = box.dataset.field;
    const field = FIELDS[name];
    const value = state[name];
    box.hidden = needless.has(name);
    if (field.kind === "flag") box.querySelector("input").checked = value;
    else if (field.kind === "choice") box.querySelector("select").value = value;
    else {
      const [input, slider] = [box.querySelector("input[type=text]"), box.querySelector("input[type=range]")];
      if (document.activeElement !== input) {
        input.value = value === null ? "" : String(value);
        input.setAttribute("aria-invalid", "false");
        find(`${input.id}-why`).textContent = "";
      }
      if (slider) {
        slider.value = value === null ? 0 : positionOf(field, value);
        slider.setAttribute("aria-valuetext", value === null ? "not given" : brief(value));
      }
    }
  }
  const isAlone = state.model === "fresh" || state.same;
  find("field-norm-name").textContent = isAlone ? "Norm ρ" : "Norm ρᵢ";
  for (const [id, angle] of [["field-angle-hint", state.angle], ["field-positives-hint", state.positives]]) {
    find(id).textContent = `radians: ${Number(((angle * 180) / Math.PI).toFixed(1))}°`;
  }
}

function hiddenFields() {
  const isFresh = state.model === "fresh";
  const hidden = isFresh ? ["second", "same", "angle", "held", "tolerance"] : ["decay", "coupled", "length", "seed"];
  if (state.same) hidden.push("second");
  if (!["heavy-ball", "lars"].includes(state.optimizer)) hidden.push("momentum");
  return new Set(hidden);
}

function build() {
  const add = (id, ...fields) => find(id).append(...fields.map((field) => control(...field)));
  add("pair-fields",
    ["model", "What moves"],
    ["optimizer", "Optimizer"], ["momentum", "Momentum β"], ["norm", "Norm ρᵢ"], ["same", "Both norms equal"], ["second", "Norm ρⱼ"],
    ["angle", "Initial angle φ", "radians"], ["rate", "Learning rate γ", "per embedding"], ["tolerance", "Tolerance ε", "aligned: 1 − cos φ ≤ ε"],
    ["held", "Stop-gradient: zⱼ is held still"], ["decay", "Weight decay λ"], ["coupled", "Decay is added to the gradient (coupled)"],
    ["length", "Steps"], ["seed", "Seed of the targets"]);
  add("training-fields",
    ["network", "Network", "kinds with three layers, of which S7 speaks"], ["rule", "Optimizer", "at its default settings"],
    ["eta", "Learning rate η", "on the mean over the batch"], ["batch", "Batch size n"], ["median", "Median norm ρ"],
    ["positives", "Angle of positives φ", "radians"], ["turn", "Angle one step turns embeddings by", "radians; leave empty if not measured"],
    ["lambda", "Weight decay λ", "leave empty for none"], ["l2", "Decay is added to the gradient (coupled)"],
    ["temperature", "Temperature τ", "leave empty for none"], ["dimension", "Dimension d"]);
  find("presets").append(...PRESETS.map(({ name, changes, story }) => make("button", { type: "button", click: () => {
    state = { ...defaults(), ...changes, tab: "pair", yaw: state.yaw, pitch: state.pitch };
    tell(story);
    change({});
  } }, name)));
  find("statement-list").append(...statementEntries(SPOKEN_OF));
  find("counted-up-to").textContent = whole(COUNTED);
  find("version").textContent = facts.version;
}

/** The sentence of a preset. */
function tell(story) {
  find("story").replaceChildren(...linked(story));
}

/** The preset that a state is, however it is seen; undefined for any other. */
function presetOf(state) {
  const seen = { tab: "pair", yaw: FIELDS.yaw.value, pitch: FIELDS.pitch.value };
  return PRESETS.find(({ changes }) => written(consistent({ ...defaults(), ...changes })) === written({ ...state, ...seen }));
}

function listen() {
  const tabs = ["pair", "training"];
  for (const name of tabs) {
    find(`tab-${name}`).addEventListener("click", () => change({ tab: name }));
    find(`tab-${name}`).addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return;
      event.preventDefault();
      const other = { Home: tabs[0], End: tabs[1] }[event.key] ?? tabs[1 - tabs.indexOf(name)];
      change({ tab: other });
      find(`tab-${other}`).focus();
    });
  }
  const say = (words) => (find("said").textContent = words);
  find("save").addEventListener("click", () => {
    offer("pair.svg", savedFigure(state), "image/svg+xml");
    say("Saved as pair.svg.");
  });
  find("copy-address").addEventListener("click", () => {
    settle();
    find("address").textContent = location.href;
    copy(find("address"), say);
  });
  for (const name of ["pair", "training"]) find(`copy-${name}`).addEventListener("click", () => copy(find(`${name}-command`), say));
  find("start-again").addEventListener("click", () => {
    state = { ...defaults(), tab: state.tab };
    tell("");
    change({});
  });
  addEventListener("hashchange", () => load());
}

/** Takes the state from the address. */
function load() {
  const { state: found, refused } = read(location.hash);
  state = consistent(found);
  tell(presetOf(state)?.story ?? "");
  find("refused").replaceChildren(...refused.map((sentence) => make("p", {}, sentence)));
  show();
}

know(facts);
build();
listen();
load();
find("page").hidden = false;
/** For the console, and for the tests of this page. */
globalThis.explore = { change, coordinates, turn: drawings.sphere.turn, state: () => ({ ...state }), savedFigure: () => savedFigure(state) };
