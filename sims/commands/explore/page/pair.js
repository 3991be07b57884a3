// What the settings of the first tab come to: the path with every step, counts, and what the laws say of them.

import { stepsOfPair, secondOrderSteps, flowHalfTangent, oneMinusCosine, sine, dual, bothNeedAStep, bestNorm, oneStepBand, pairGrowth, equilibrium } from "./numerics.js";
import { descend, pursue, normalized } from "./descent.js";
import { FIELDS } from "./state.js";
import { brief, four, inSteps, whole, optimizerNamed, exact } from "./words.js";

/** The most steps that are counted here, by D1 and with vectors. */
export const COUNTED = 200000;
const BY_VECTORS = 20000;
/** The most states that are kept of a path; of longer ones every second, every fourth and so on. */
const KEPT = 4096;
/** The largest γ/ρ² at which the closed form says something. */
const SMALL_STEP = 0.1;
/** The dimension of what is drawn. */
export const DIMENSION = 3;

/** Where the pair lies on the sphere: its bisector, and the direction across it. No coordinate is special. */
const ALONG = normalized([0.55, -0.6, 0.58]).unit;
const ACROSS = (() => {
  const rough = [0.7, 0.65, 0.3];
  const part = rough.reduce((sum, value, i) => sum + value * ALONG[i], 0);
  return normalized(rough.map((value, i) => value - part * ALONG[i])).unit;
})();

/** The direction at an angle from the bisector. */
const direction = (angle) => ALONG.map((value, i) => Math.cos(angle) * value + Math.sin(angle) * ACROSS[i]);

/** The vectors that a pair starts from. */
export function startVectors({ norm, second, angle }) {
  const from = (length, side) => direction((side * angle) / 2).map((value) => length * value);
  return [from(norm, 1), from(second, -1)];
}

/** The settings of the optimizer: the library's defaults, but no decay inside, and a trust of 1 that leaves γ the angle. */
export function settingsOf(state) {
  const known = optimizerNamed(state.optimizer).parameters;
  const settings = { beta1: known.beta1, beta2: known.beta2, epsilon: known.epsilon, momentum: state.momentum };
  return state.optimizer === "lars" ? { ...settings, trust: 1, innerDecay: 0 } : settings;
}

/** A path of so many members that keeps at most KEPT states, evenly spaced in steps, and the last one. */
function recorder(members) {
  const lists = () => Array.from({ length: members }, () => []);
  const path = { steps: [], oneMinus: [], norms: lists(), points: lists(), every: 1 };
  const halve = (list) => list.filter((_, index) => index % 2 === 0);
  const thin = () => {
    path.every *= 2;
    Object.assign(path, { steps: halve(path.steps), oneMinus: halve(path.oneMinus) });
    [path.norms, path.points] = [path.norms.map(halve), path.points.map(halve)];
  };
  const push = (step, { oneMinus, norms, points }) => {
    path.steps.push(step);
    path.oneMinus.push(oneMinus);
    norms.forEach((norm, member) => path.norms[member].push(norm));
    points.forEach((point, member) => path.points[member].push(point));
  };
  return {
    /** Keeps the state that `look` gives, if it is this step's turn. */
    offer(step, look) {
      if (step % path.every !== 0) return;
      if (path.steps.length >= KEPT) thin();
      if (step % path.every === 0) push(step, look());
    },
    /** The path, with the last state. */
    finish(step, look) {
      if (path.steps.at(-1) !== step) push(step, look());
      return path;
    },
  };
}

/** Plain descent, by D1: angles of both members follow from the angle of the pair and the norms. */
function planePath(pair, state) {
  const kept = recorder(2);
  let [one, other] = [state.angle / 2, -state.angle / 2];
  let now = pair;
  const look = () => ({
    oneMinus: oneMinusCosine(now.k),
    norms: [Math.sqrt(state.rate / now.alpha), now.beta > 0 ? Math.sqrt(state.rate / now.beta) : state.second],
    points: [direction(one), direction(other)],
  });
  const counted = stepsOfPair(pair, state.tolerance, COUNTED, (step, next) => {
    if (step > 0) {
      const s = sine(now.k);
      const side = one >= other ? 1 : -1;
      one -= side * Math.atan(now.alpha * s);
      other += side * Math.atan(now.beta * s);
    }
    now = next;
    kept.offer(step, look);
  });
  return { ...counted, path: kept.finish(counted.steps, look), by: "D1" };
}

const copied = (directions) => ({ norms: directions.map(({ norm }) => norm), points: directions.map(({ unit }) => [...unit]) });

/** Descent of vectors under another rule. */
function vectorPath(state) {
  const kept = recorder(2);
  const [first, second] = startVectors(state);
  const run = {
    first, second, gamma: state.rate, optimizer: state.optimizer, settings: settingsOf(state), stopGradient: state.held,
    epsilon: state.tolerance, budget: BY_VECTORS,
  };
  const ended = descend(run, (step, one, other, oneMinus) => kept.offer(step, () => ({ oneMinus, ...copied([one, other]) })));
  const look = () => ({ oneMinus: ended.oneMinus, ...copied([ended.first, ended.second].map(normalized)) });
  return { ...ended, path: kept.finish(ended.steps, look), by: "vectors" };
}

/** One embedding under fresh targets and decay (S3). */
function freshPath(state) {
  const kept = recorder(1);
  const run = {
    first: direction(state.angle / 2).map((value) => state.norm * value), gamma: state.rate, optimizer: state.optimizer,
    settings: settingsOf(state), decay: state.decay, coupled: state.coupled, seed: state.seed, budget: state.length,
  };
  const ended = pursue(run, (step, directions) => kept.offer(step, () => ({ oneMinus: 0, ...copied([directions]) })));
  return { ...ended, path: kept.finish(ended.steps, () => ({ oneMinus: 0, ...copied([normalized(ended.first)]) })) };
}

/** The norm at which fresh targets and decay balance under the rule, if S3 knows it. */
export function balance(state) {
  if (state.rate * state.decay >= 1) return null;
  const rule = optimizerNamed(state.optimizer).settles[state.coupled ? "coupled" : "decoupled"];
  if (!rule) return null;
  const { beta1, beta2 } = settingsOf(state);
  return equilibrium(rule, {
    gamma: state.rate, decay: state.decay, dimension: DIMENSION, momentum: state.momentum, beta1, beta2,
  });
}

/** The pair in the coordinates of D1. */
export function coordinates({ rate, norm, second, angle, held }) {
  return { k: Math.tan(0.5 * angle), alpha: rate / (norm * norm), beta: held ? 0 : rate / (second * second) };
}

/** The closed form's count and where it is taken; null where steps are too large on both sides. */
export function closedForm(pair, epsilon) {
  const isSmall = (it) => Math.max(it.alpha, it.beta) <= SMALL_STEP;
  if (isSmall(pair)) return { steps: secondOrderSteps(pair, epsilon), where: "pair" };
  const mirrored = bothNeedAStep(pair.k, epsilon) ? dual(pair) : null;
  return mirrored && isSmall(mirrored) ? { steps: secondOrderSteps(mirrored, epsilon), where: "dual" } : null;
}

/** Everything that is shown of the first tab's settings. */
export function solve(state) {
  if (state.model === "fresh") return { model: "fresh", run: freshPath(state), balance: balance(state) };
  const isPlain = state.optimizer === "gradient-descent";
  const pair = coordinates(state);
  const solved = { model: "pair", isPlain, pair, run: isPlain ? planePath(pair, state) : vectorPath(state) };
  if (!isPlain) return solved;
  const mirrored = bothNeedAStep(pair.k, state.tolerance) ? dual(pair) : null;
  const s = sine(pair.k);
  return {
    ...solved,
    closed: closedForm(pair, state.tolerance),
    flow: Math.max(pair.alpha, pair.beta) <= SMALL_STEP ? (step) => oneMinusCosine(flowHalfTangent(pair, step)) : null,
    legs: s * (state.held ? pair.alpha : Math.sqrt(pair.alpha * pair.beta)),
    mirrored: mirrored && {
      pair: mirrored,
      angle: Math.PI - state.angle,
      norms: [Math.sqrt(state.rate / mirrored.alpha), Math.sqrt(state.rate / mirrored.beta)],
      counted: stepsOfPair(mirrored, state.tolerance, COUNTED),
    },
    best: state.same && !state.held ? bestNorm(state.rate, state.angle) : null,
    band: state.same && !state.held ? bandOfNorms(state, pair.k, s) : null,
  };
}

/** The norms between which one step is enough, shortest first; a norm may be as short as one likes where nothing bounds it. */
function bandOfNorms(state, k, s) {
  const [low, high] = oneStepBand(k, state.tolerance);
  const norm = (legs) => (legs === Infinity ? 0 : legs === 0 ? Infinity : Math.sqrt((state.rate * s) / legs));
  return [norm(high), norm(low)];
}

/** How a count ended, in words. */
export function ending({ stop, steps, by }) {
  const most = by === "D1" ? COUNTED : BY_VECTORS;
  if (stop === "reached") return `is aligned after ${inSteps(steps)}`;
  if (stop === "stationary") return "never moves: it points in opposite directions";
  if (stop === "budget") return `is not aligned after ${whole(most)} steps, the most that are counted here`;
  return "left the finite numbers";
}

/** The first sentence, and a list of what is known: term, words, and a class. */
export function told(state, solved) {
  return solved.model === "fresh" ? toldOfFresh(state, solved) : toldOfPair(state, solved);
}

function toldOfPair(state, solved) {
  const norms = state.same ? `norm ${brief(state.norm)}` : `norms ${brief(state.norm)} and ${brief(state.second)}`;
  const name = FIELDS.optimizer.labels[state.optimizer];
  const verdict = `Under ${name} a pair of ${norms} ${ending(solved.run)}.`;
  const list = [["Steps", countWords(solved.run)]];
  if (!solved.isPlain) {
    const { h, k } = optimizerNamed(state.optimizer);
    const steps = k === 0 ? "as many steps" : `about ${brief(2 ** k)} times the steps`;
    list.push(["Twice the norm", `takes ${steps} at the same rate [L6], as the degree of ${name} is h = ${h}; for small steps.`]);
    list.push(["Not shown", "The closed form, the map, the dual and the best norm are those of plain descent [D1]."]);
    return { verdict, list };
  }
  list.push(["Closed form", closedWords(solved)]);
  if (solved.best !== null) {
    list.push(["Best norm", `${four(solved.best)}, where one step is enough [L8]; this norm is ${brief(state.norm / solved.best)} times as long.`]);
    list.push(["One step is enough", bandWords(solved.band)]);
  } else {
    list.push(["Best norm", "[L8] speaks of equal norms and two members that move."]);
  }
  list.push(["Dual", dualWords(solved, state)]);
  list.push(["Norms grow", growthWords(solved, state)]);
  return { verdict, list };
}

function countWords({ stop, steps, by }) {
  if (stop !== "reached") return by === "D1" ? "none: see above [D1]." : "none: see above.";
  return by === "D1" ? `${whole(steps)}, counted exactly [D1].` : `${whole(steps)}, counted with vectors in three dimensions.`;
}

function closedWords({ closed, run }) {
  if (!closed) return "γ/ρ² is too large for it here, and at the dual point too [L1].";
  const where = closed.where === "dual" ? "at the dual point, whose count is the same [L7]" : "before rounding up [L1]";
  const rounded = Math.ceil(closed.steps);
  const compared = run.stop === "reached" ? `; rounded up ${whole(rounded)} beside ${whole(run.steps)} counted` : "";
  return `${closed.steps < 1e6 ? closed.steps.toFixed(3) : brief(closed.steps)}, ${where}${compared}.`;
}

function growthWords({ run, pair }, state) {
  const ends = run.path.norms.map((norms) => [norms[0], norms.at(-1)]);
  const [first, second] = ends.map(([start, end]) => `${brief(start)} → ${brief(end)}`);
  const grown = ends.reduce((sum, [start, end]) => sum + end * end - start * start, 0);
  const isSmall = !state.held && Math.max(pair.alpha, pair.beta) <= SMALL_STEP;
  const growth = isSmall && run.stop === "reached" ? pairGrowth(state.rate, pair, state.angle) : null;
  const budget = growth ? ` ρᵢ² + ρⱼ² grows by ${brief(grown)}; all the way to agreement by ${brief(growth.first + growth.second)} [S1].` : "";
  return `ρᵢ ${first}, ρⱼ ${second}: every step is at right angles to its embedding [D2].${budget}`;
}

function bandWords([shortest, longest]) {
  if (longest === Infinity) return "at every norm: the pair is aligned before it.";
  const from = shortest === 0 ? "at all norms up to" : `for norms from ${four(shortest)} to`;
  return `${from} ${four(longest)} at this angle and tolerance [L8].`;
}

function dualWords({ mirrored, run }, state) {
  if (state.held) return "[L7] needs two members that move.";
  if (!mirrored) return "[L7] says nothing here: the pair or its mirror image is within the tolerance already.";
  const norms = state.same ? four(mirrored.norms[0]) : mirrored.norms.map(four).join(" and ");
  const noun = state.same ? "norm" : "norms";
  const same = mirrored.counted.steps === run.steps && mirrored.counted.stop === run.stop;
  const count = mirrored.counted.stop === "reached" ? inSteps(mirrored.counted.steps) : "more than is counted here";
  return `${noun} ${norms} at the angle ${brief(mirrored.angle)}: ${count}${same ? ", the same" : ", NOT the same"} [L7].`;
}

/** The steps after which a start at this norm is forgotten to one part in a hundred: deviations of its power die out evenly. */
function settledAfter(norm, { norm: there, relaxation }, power) {
  return relaxation * Math.log(100 * Math.max(1, Math.abs((norm / there) ** power - 1)));
}

function toldOfFresh(state, { run, balance: settled }) {
  const norms = run.path.norms[0];
  const steps = run.path.steps;
  const degree = optimizerNamed(state.optimizer).h;
  const power = 2 * Math.max(degree, 1);
  const start = settled ? settledAfter(norms[0], settled, power) : 0.5 * state.length;
  const late = norms.filter((_, index) => steps[index] >= start);
  const mean = (late.reduce((sum, norm) => sum + norm ** power, 0) / late.length) ** (1 / power);
  const isLong = start <= 0.8 * state.length;
  const average = isLong
    ? `${brief(mean)} on average after step ${whole(Math.round(start))}, the mean of its ${power}th power`.replace("2th", "2nd")
    : `the run is too short for an average: the start is forgotten after about ${whole(Math.round(start))} steps`;
  const list = [["Norm", `${brief(norms[0])} at the start; ${average}.`]];
  if (!settled) {
    const kind = state.coupled ? "coupled" : "decoupled";
    const why = state.rate * state.decay >= 1 ? "γλ is 1 or more: decay overshoots zero" : `[S3] knows no equilibrium of ${FIELDS.optimizer.labels[state.optimizer]} with ${kind} decay`;
    return { verdict: `${run.stop === "not-finite" ? "The embedding left the finite numbers." : "One embedding, a fresh random target at every step."}`, list: [...list, ["Equilibrium", `${why}.`]] };
  }
  const verdict = `Under decay and a fresh target at every step the norm settles at about ${brief(settled.norm)}, wherever it starts.`;
  list.push(["Equilibrium", `${brief(settled.norm)} in three dimensions [S3]; the next order changes it by ${brief(100 * settled.nextOrder)} %.`]);
  list.push(["Turn per step there", `${brief(settled.angle)} rad (root mean square), whatever the size of the gradient [S3].`]);
  list.push(["Relaxation", `${whole(Math.ceil(settled.relaxation))} steps until a deviation has fallen to 1/e [S3].`]);
  if (Math.abs(settled.nextOrder) > 0.05) {
    list.push(["Condition", "γλ is too large, or the memory of the rule too long, for [S3]: the next order is above 5 %."]);
  }
  if (state.optimizer === "sign-descent") list.push(["Condition", "Of sign descent [S3] is right in many dimensions; three are few."]);
  return { verdict, list };
}

/** The command that gives these numbers. */
export function commandOf(state) {
  const settings = [];
  if (["heavy-ball", "lars"].includes(state.optimizer)) settings.push(`--set momentum=${exact(state.momentum)}`);
  if (state.optimizer === "lars") settings.push("--set trust=1");
  if (state.optimizer === "lars" && state.model === "pair") settings.push("--set weight-decay=0");
  const rule = state.optimizer === "gradient-descent" ? [] : [`--optimizer ${state.optimizer}`, ...settings];
  if (state.model === "fresh") {
    const decay = [`--weight-decay ${exact(state.decay)}`, ...(state.coupled ? ["--coupled"] : []), `--dim ${DIMENSION}`];
    return ["embedding-norms predict", `--norm ${exact(state.norm)}`, `--learning-rate ${exact(state.rate)}`, ...rule, ...decay].join(" ");
  }
  if (state.optimizer === "gradient-descent") {
    const second = state.same ? [] : [`--second-norm ${exact(state.second)}`];
    const held = state.held ? ["--stop-gradient"] : [];
    return ["embedding-norms predict", `--norm ${exact(state.norm)}`, ...second, `--learning-rate ${exact(state.rate)}`,
      `--angle ${exact(state.angle)}`, `--tolerance ${exact(state.tolerance)}`, ...held].join(" ");
  }
  const [first, second] = startVectors(state).map((vector) => vector.map(exact).join(","));
  const loss = state.held ? "simsiam" : "cosine";
  return [`printf '%s\\n' ${first} > z.csv`, `printf '%s\\n' ${second} > w.csv`,
    ["embedding-norms simulate", `--loss ${loss} z.csv w.csv`, ...rule, `--learning-rate ${exact(state.rate)}`,
      `--every-pair ${exact(state.tolerance)}`, `--max-steps ${BY_VECTORS}`].join(" ")].join("\n");
}

/** Stories to start from: what they change in the defaults, and what is to be seen. */
export const PRESETS = [
  { name: "Norm effect", changes: { norm: 4, second: 4 }, story: "Far above the best norm, twice the norm takes four times the steps [L2]: halve it and see." },
  { name: "Opposite halves", changes: { norm: 1, second: 1, angle: 3.1 }, story: "Near opposite directions the gradient vanishes, and a pair spends most of its steps leaving the pole [L3]." },
  { name: "Too short", changes: { norm: 0.02, second: 0.02, angle: 1.2 }, story: "Below the best norm a step overshoots: the first one turns both past each other and lengthens them, and shorter norms need more steps [L8]." },
  { name: "Duality", changes: { norm: 0.05, second: 0.05, angle: 2.2 }, story: "The pair and its dual, point reflections of each other on the map, need the same number of steps [L7]." },
  { name: "Unequal norms", changes: { norm: 0.3, second: 1.2, same: false, angle: 2 }, story: "The shorter member does most of the rotation: each rotates in proportion to the squared norm of the other [L5]." },
  { name: "Equilibrium", changes: { model: "fresh", norm: 3, rate: 0.1, decay: 0.02 }, story: "Targets that change at every step lengthen the embedding, decay shortens it; they balance at one norm, wherever it starts [S3]." },
];
