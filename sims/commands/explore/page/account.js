// What the settings of the second tab come to, in words, each with its statement and its conditions. The wording follows
// `embedding-norms predict` and `embedding-norms diagnose`.

import { stepsOfPair, standing, standingOfPair, equilibrium, contrast } from "./numerics.js";
import { facts, brief, four, inSteps, optimizerNamed, exact } from "./words.js";
import { closedForm } from "./pair.js";

/** The paper's cuts. */
const CUTS = [3, 9];
const TRAINING_TOLERANCE = 0.001;
const TRAINING_BUDGET = 200000;

const isFree = (state) => state.network === "free";
const networkOf = (state) => facts.networks.find((entry) => entry.name === state.network);

/** γ of the settings, per embedding. */
export function perEmbedding({ eta, batch }) {
  return eta / batch;
}

/** The answers in order: title, finding, conditions and worth. */
export function answers(state) {
  const rule = optimizerNamed(state.rule);
  const where = standingOfStep(state, rule);
  return [
    rateAnswer(state, rule, where),
    slowDownAnswer(state, rule, where),
    cutAnswer(state, rule, where),
    equilibriumAnswer(state, rule),
    temperatureAnswer(state, rule),
  ].filter(Boolean);
}

/** Where the step stands against the best one; null where nothing tells. */
function standingOfStep(state, rule) {
  if (state.turn !== null) return standing(state.turn, state.positives, isFree(state) ? null : aimOf(state, rule));
  if (isFree(state) && rule.isPlain) return standingOfPair(perEmbedding(state), state.median, state.median, state.positives);
  return null;
}

/** Bounds on the step to aim at, a third of where trainings were fastest, over the best one of a free pair. */
function aimOf(state, rule) {
  return rule.aims[state.network] ?? facts.oneStep.aims;
}

/** What the trial of the advice says of a lever: the worth, or null where it speaks against advice. */
function worthOf(state, rule, lever) {
  if (isFree(state)) return rule.isPlain ? "proved" : "on a condition: L8 is proved for plain descent";
  const said = rule.trials[state.network]?.[lever] ?? "not-tried";
  if (said === "failed") return null;
  return said === "right"
    ? "tested: at least four of five clear predictions had the right sign in the trial of docs/diagnosing.md; training speeds up by less than predicted as a rule"
    : "not tested for this optimizer and kind of network";
}

function rateAnswer(state, rule, where) {
  const title = "Learning rate";
  const gamma = `η = ${brief(state.eta)} on the mean over ${brief(state.batch)} is γ = η/n = ${four(perEmbedding(state))} per embedding if embeddings are free.`;
  if (!where) {
    const why = isFree(state)
      ? `The best norm [L8] is that of plain descent, and nothing here is known of it under ${rule.name}.`
      : "For a network γ/ρ² is not the step, since parameters are shared [S4].";
    return { title, finding: `No factor: ${why} Save the embeddings of some fixed samples before and after one step, and fill in the angle that they turn by.`, conditions: gamma, worth: "nothing is said" };
  }
  const outside = isFree(state) ? null : outsideOfTheCriterion(state);
  if (outside) return { title, finding: `No factor: ${outside} [S9].`, conditions: gamma, worth: "nothing is said" };
  const measure = measured(state, rule, where);
  const worth = worthOf(state, rule, where.side === "long" ? "smaller" : "larger");
  if (worth === null) {
    return { title, finding: `${measure} No advice: in the trial of docs/diagnosing.md the criterion failed for ${rule.name} in networks of the kind ${state.network}.`, conditions: rateConditions(state, rule), worth: "nothing is said" };
  }
  return { title, finding: `${measure} ${advice(where, isFree(state))}`, conditions: `${rateConditions(state, rule)} ${gamma}`, worth };
}

/** The step that was taken, and the one that is aimed at. */
function measured(state, rule, { low, high }) {
  const between = (least, most) => (least === most ? brief(least) : `${brief(least)} to ${brief(most)}`);
  const x = between(Math.exp(low), Math.exp(high));
  if (state.turn === null) return `A step is ${x} times the best one: x = γ(1 + cos φ)/ρ² [L8].`;
  const turned = `A step turns embeddings by ${brief(state.turn)} rad`;
  const half = `half the angle of positives, ${brief(state.positives / 2)} rad`;
  return isFree(state)
    ? `${turned}; the best turn is ${half} [L8]: x = ${x}.`
    : `${turned}; a good step is ${between(...aimOf(state, rule))} times the way of ${half} [S9]: this one is ${x} times as long.`;
}

/** Why a step of a network tells no rate; null if it does. */
function outsideOfTheCriterion({ positives, turn }) {
  const { smallestAngle, smallestTurn } = facts.oneStep;
  if (positives < smallestAngle) return `positives are nearer to each other than ${brief(smallestAngle)} rad, where the advised rate often gained nothing`;
  return turn < smallestTurn ? `embeddings turn by less than ${brief(smallestTurn)} rad in a step, which rounding can do` : null;
}

function advice({ side, advised, far }, proved) {
  if (side === "short" && !proved) return `Multiply the learning rate by about ${brief(advised)}, to a third of where trainings of its kind were fastest.`;
  if (side === "short") return `Multiply the learning rate by about ${brief(advised)}: then a step turns embeddings by half the angle of positives.`;
  if (side === "long" && proved) return `Divide the learning rate by about ${brief(1 / advised)}.`;
  if (side === "long") return `Divide the learning rate of this step by about ${brief(1 / advised)}, take one step at that rate and ask again: a step that is too long does not tell by how much.`;
  if (side === "near") return "Leave the learning rate: nothing is seen to be gained by another one.";
  return far
    ? "No advice: the step turned embeddings so far that the turn no longer goes as the rate. Try one step at a tenth of the rate."
    : "No advice: the good step depends on the optimizer and the kind of network, and this one lies on either side.";
}

function rateConditions(state, rule) {
  const parts = isFree(state)
    ? ["Free embeddings, L = −cos φ, nearly equal norms in a pair."]
    : ["A criterion for networks, no theorem; the rate is that of this step, so under a schedule multiply the whole schedule."];
  if (!isFree(state) && state.turn > facts.oneStep.largestTurn) {
    parts.push(`Beyond ${brief(facts.oneStep.largestTurn)} rad a turn is no longer proportional to the rate [S9].`);
  }
  if (state.turn !== null && rule.momentum > 0) {
    parts.push(`The turn is that of a step whose momentum has built up; after a first step from rest the factor is up to ${brief(1 / (1 - rule.momentum))} times smaller.`);
  }
  return parts.join(" ");
}

function slowDownAnswer(state, rule, where) {
  const title = "Slow-down";
  const k = rule.k;
  const twice = k === 0
    ? `Under ${rule.name} the number of steps does not depend on norms [L6].`
    : `Twice the norm at the same rate takes about ${brief(2 ** k)} times the steps: steps grow as ρ^${brief(k)} under ${rule.name} [L6].`;
  if (isFree(state) && rule.isPlain && state.turn === null) {
    const size = perEmbedding(state) / (state.median * state.median);
    const pair = { k: Math.tan(0.5 * state.positives), alpha: size, beta: size };
    const counted = stepsOfPair(pair, TRAINING_TOLERANCE, TRAINING_BUDGET);
    const closed = closedForm(pair, TRAINING_TOLERANCE);
    const count = counted.stop === "reached"
      ? `${inSteps(counted.steps)} [D1]`
      : closed ? `about ${brief(closed.steps)} steps by the closed form [L1]` : "more steps than are counted here";
    return { title, finding: `A pair at this norm and angle needs ${count}, where one step is enough at the best norm [L8]. ${twice}`, conditions: "Aligned: 1 − cos φ ≤ 0.001. −cos φ alone; in a contrastive loss negatives pull too.", worth: "proved" };
  }
  const factor = where && where.side !== "unclear" ? `Steps to align are about ${brief(Math.exp(Math.abs(where.excess)))} times those at ${isFree(state) ? "the best step" : "a good step"}, as e^|ln x| on both sides of it [L7]. ` : "";
  return { title, finding: factor + twice, conditions: "For small steps, runs longer than the optimizer's memory, and ε far below the gradients; of a network, all parameters scaled together [S7].", worth: isFree(state) ? "proved to leading order" : "a criterion" };
}

function cutAnswer(state, rule, where) {
  const title = "Cutting the initialization";
  const network = networkOf(state);
  if (!network && !isFree(state)) {
    return { title, finding: "Whether dividing all parameters by c is a learning rate depends on the kind of network [S7]: choose one.", conditions: "", worth: "nothing is said" };
  }
  if (network?.broken) return byLayer(title, network, rule);
  const basis = isFree(state) ? "[L6]" : "[S7]";
  const epsilons = network?.epsilons.length ? `; to be exact, the ε of its normalizations is divided by ${[...new Set(network.epsilons)].map((power) => `c^${power}`).join(", ")}` : "";
  const conditions = `${isFree(state) ? "Free embeddings" : `A network of the kind ${network.name}`}, all of it divided by c, weight decay and ε going along${epsilons}.`;
  if (rule.h === 0) {
    return { title, finding: `Cutting changes nothing under ${rule.name}: its steps scale with the norms, h = 0 ${basis}.`, conditions, worth: "proved" };
  }
  const factors = CUTS.map((cut) => `c = ${cut} is the learning rate times ${brief(cut ** rule.h)}`).join(", ");
  const decay = rule.cutDecay[state.l2 ? "coupled" : "decoupled"];
  const going = state.lambda === null && !rule.ownDecay ? "" : ` Weight decay goes along times c^${brief(decay)}.`;
  const finding = `A cut by c is the same thing as the learning rate times c^${brief(rule.h)} ${basis}: ${factors}.${going}${cutAdvice(state, rule, where)}`;
  return { title, finding, conditions, worth: "proved; whether another rate is better is the first answer" };
}

function cutAdvice(state, rule, where) {
  if (!where || worthOf(state, rule, "cut") === null) return "";
  if (where.side === "short") return ` c ≈ ${brief(where.advised ** (1 / rule.h))} would do what the factor above does.`;
  if (where.side === "long") return " It would slow training down: the step should be shorter.";
  return "";
}

function byLayer(title, network, rule) {
  const biases = [...new Set(network.biases)];
  const rate = (power) => (rule.h === 0 ? "" : ` and trained at the rate times c^${brief(rule.h * (1 - power))}`);
  const result = rule.h === 0 ? "it then changes nothing" : `it then is the learning rate times c^${brief(rule.h)}`;
  const way = biases.length ? ` Change the learning rate, or cut by layer: weights divided by c, the biases of later layers by ${biases.map((power) => `c^${power}${rate(power)}`).join(", then ")}; ${result}.` : " Change the learning rate itself.";
  return { title, finding: `Do not cut the initialization: ${network.broken} [S7].${way}`, conditions: `A network of the kind ${network.name} under ${rule.name}, every ε 0.`, worth: "proved" };
}

function equilibriumAnswer(state, rule) {
  const title = "Equilibrium norm";
  if (state.lambda === null) return { title, finding: "Without weight decay norms settle nowhere: under gradients that never end they grow as the fourth root of time under plain descent [S2].", conditions: "", worth: "proved for fresh random targets" };
  if (!isFree(state)) {
    return { title, finding: "None is known: decay acts on the parameters of the network, and [S3] speaks of decay on embeddings [S4].", conditions: "", worth: "nothing is said" };
  }
  const gamma = perEmbedding(state);
  if (gamma * state.lambda >= 1) return { title, finding: `γλ = ${brief(gamma * state.lambda)} is 1 or more: decay overshoots zero.`, conditions: "", worth: "nothing is said" };
  const kind = rule.settles[state.l2 ? "coupled" : "decoupled"];
  if (!kind) {
    return { title, finding: `[S3] knows no equilibrium of ${rule.name} with ${state.l2 ? "coupled" : "decoupled"} decay.`, conditions: "", worth: "nothing is said" };
  }
  const { momentum = 0, beta1, beta2 } = rule.parameters;
  const settled = equilibrium(kind, { gamma, decay: state.lambda, dimension: state.dimension, momentum, beta1, beta2 });
  const side = state.median < 0.8 * settled.norm ? "norms here lie below it, and would grow" : state.median > 1.25 * settled.norm ? "norms here lie above it, and would shrink" : "norms here are about there";
  const far = Math.abs(settled.nextOrder) > 0.05 ? " The next order is above 5 %: γλ is too large, or the memory too long, for this number." : "";
  return {
    title,
    finding: `Norms settle at ${brief(settled.norm)} [S3]; ${side}. There a step turns embeddings by ${brief(settled.angle)} rad, and deviations fall to 1/e in ${inSteps(Math.ceil(settled.relaxation))}.${far}`,
    conditions: `Decay on the embeddings themselves, a fresh random target at every step, ${brief(state.dimension)} dimensions.`,
    worth: "on a condition: that gradients are those of fresh targets",
  };
}

function temperatureAnswer(state, rule) {
  if (state.temperature === null) return null;
  const { spread, most } = contrast(state.median, state.positives, state.temperature);
  const effect = rule.q === 0
    ? `The factor 1/τ changes no step of ${rule.name}, which does not look at the size of gradients [L6].`
    : `It pulls (1 − p)/τ times as strongly as −cos φ with spread negatives, at most ${brief(1 / state.temperature)} times; 1 − p changes as it trains.`;
  return {
    title: "Temperature",
    finding: `InfoNCE's gradient is ${brief(spread)} (1 − p) long with spread negatives, and never longer than ${brief(most)} (1 − p), where p is the share of the positive [G4]. ${effect}`,
    conditions: "The other answers are of −cos φ, which has no temperature.",
    worth: "proved",
  };
}

/** The commands that answer the same. */
export function commandsOf(state) {
  const rule = `--optimizer ${state.rule}`;
  const decay = state.lambda === null ? "" : ` --weight-decay ${exact(state.lambda)}${state.l2 && !optimizerNamed(state.rule).ownDecay ? " --coupled" : ""}`;
  const tau = state.temperature === null ? "" : ` --temperature ${exact(state.temperature)}`;
  const predict = `embedding-norms predict --norm ${exact(state.median)} --learning-rate ${exact(perEmbedding(state))} --angle ${exact(state.positives)} ${rule}${decay} --dim ${exact(state.dimension)}${tau}`;
  const diagnose = `embedding-norms diagnose step0.npy step1.npy --positives views0.npy --steps-between 1 ${rule}`;
  if (isFree(state)) return state.turn === null ? predict : `${predict}\n${diagnose} --parameters free`;
  const kind = networkOf(state) ? ` --network ${state.network}` : "";
  const cut = kind ? `embedding-norms predict --cut 3${kind} ${rule}\n` : "";
  return `${cut}${diagnose}${kind}`;
}
