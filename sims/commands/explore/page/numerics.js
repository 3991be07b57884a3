// The closed forms and recursions of the library, function by function: what src/theory/ and src/diagnosis/standing.rs say.
// A test lays them beside the library's own numbers (tests/command/explore.rs).
//
// γ is the learning rate per embedding, k = tan(φ/2), α = γ/ρ_i² and β = γ/ρ_j² (0 for a member that is held still), ε the
// tolerance: a pair is aligned where 1 − cos φ ≤ ε.

/** Half-angle tangents above this are antipodal: the pair stands. */
const ANTIPODAL = 1e30;

/** 1 − cos φ = 2k²/(1 + k²). */
export function oneMinusCosine(k) {
  const square = k * k;
  return Number.isFinite(square) ? (2 * square) / (1 + square) : 2;
}

/** sin φ = 2/(k + 1/k). */
export function sine(k) {
  return 2 / (k + 1 / k);
}

/** tan(φ_ε/2) at which 1 − cos φ_ε = ε. */
export function halfTangentAt(epsilon) {
  return Math.sqrt(epsilon / (2 - epsilon));
}

/** D1 for equal norms: k' and u' from k and u = γ/ρ². */
function equalStep(k, u) {
  const square = k * k;
  const turned = (2 * u * k) / (1 + square);
  const next = (k * (1 - 2 * u + square)) / (1 + square + 2 * u * square);
  return { k: Math.abs(next), alpha: u / (1 + turned * turned), beta: u / (1 + turned * turned) };
}

/** 1 − α − β with the rounding error of the sum put back. */
function oneLessSum(alpha, beta) {
  const sum = alpha + beta;
  return 1 - sum - (Math.min(alpha, beta) - (sum - Math.max(alpha, beta)));
}

/** D1: the pair after one step of plain descent. */
export function pairStep(pair) {
  const { k, alpha, beta } = pair;
  if (k > ANTIPODAL) return pair;
  if (alpha === beta) return equalStep(k, alpha);
  const square = k * k;
  const s = (2 * k) / (1 + square);
  const [a, b] = [alpha * s, beta * s];
  const hypotenuses = Math.sqrt((1 + a * a) * (1 + b * b));
  const difference = ((a - b) * (a - b)) / (1 + a * b + hypotenuses);
  const both = 2 + difference;
  const numerator = k * (2 * oneLessSum(alpha, beta) + difference + both * square);
  const next = numerator / (both * (1 + square) + 2 * (alpha + beta) * square);
  return { k: Math.abs(next), alpha: alpha / (1 + a * a), beta: beta / (1 + b * b) };
}

/** Steps of plain descent until the pair is aligned, by D1; `visit` is told every state, the first included. */
export function stepsOfPair(pair, epsilon, budget, visit = () => {}) {
  let before = oneMinusCosine(pair.k);
  visit(0, pair);
  if (before <= epsilon) return { stop: "reached", steps: 0, crossing: 0 };
  for (let steps = 1; steps <= budget; steps += 1) {
    const next = pairStep(pair);
    if (next.k === pair.k && next.alpha === pair.alpha && next.beta === pair.beta) {
      return { stop: pair.k <= ANTIPODAL ? "budget" : "stationary", steps: steps - 1 };
    }
    visit(steps, next);
    const after = oneMinusCosine(next.k);
    if (after <= epsilon) {
      const within = (Math.log(before) - Math.log(epsilon)) / (Math.log(before) - Math.log(after));
      return { stop: "reached", steps, crossing: steps - 1 + within };
    }
    [before, pair] = [after, next];
  }
  return { stop: "budget", steps: budget };
}

/** L1: ln[tan(φ0/2)/tan(φ_ε/2)]/(α + β), the steps of the gradient flow. */
export function flowSteps({ k, alpha, beta }, epsilon) {
  return Math.max(Math.log(k / halfTangentAt(epsilon)) / (alpha + beta), 0);
}

/** L1: tan(φ/2) of the gradient flow after so many steps. */
export function flowHalfTangent({ k, alpha, beta }, steps) {
  return k * Math.exp(-(alpha + beta) * steps);
}

/** L1 with two more orders in the step, before rounding up. */
export function secondOrderSteps({ k, alpha, beta }, epsilon) {
  const stop = halfTangentAt(epsilon);
  const lambda = Math.log(k / stop);
  if (!(lambda > 0)) return 0;
  const oneMinus = oneMinusCosine(k);
  const [cosine, s] = [1 - oneMinus, sine(k)];
  const sines = Math.log(s / sine(stop));
  const delta = oneMinus - epsilon;
  const sigma = alpha + beta;
  const [a, b] = [alpha / sigma, beta / sigma];
  const q = a * a * a + b * b * b;
  const p = a * a * a * a * a + b * b * b * b * b;
  const unequal = cosine * sines - 0.5 * (1 + cosine * cosine) * lambda + 0.5 * delta;
  const correction =
    ((1 - q) * delta) / 6 - lambda / 12 + 0.25 * q * (s * s * lambda - delta) + 3 * (p - q * q) * unequal;
  return lambda / sigma - q * cosine * lambda + (q - 0.5) * sines + sigma * correction;
}

/** L7: the dual of a pair; none where a member is held still, or the pair is aligned or antipodal. */
export function dual({ k, alpha, beta }) {
  if (!(k > 0) || k > ANTIPODAL || !(alpha > 0) || !(beta > 0)) return null;
  const s = (2 * k) / (1 + k * k);
  return { k: 1 / k, alpha: 1 / (alpha * (s * s)), beta: 1 / (beta * (s * s)) };
}

/** L7: whether both the pair and its dual need a step. */
export function bothNeedAStep(k, epsilon) {
  const stop = halfTangentAt(epsilon);
  return stop < k && k * stop < 1;
}

/** L8: the norm √(γ(1 + cos φ)) at which one step aligns a pair of equal norms. */
export function bestNorm(gamma, angle) {
  return Math.cos(0.5 * angle) * Math.sqrt(2 * gamma);
}

/** L8: the values of us between which one step is enough for a pair of equal norms. */
export function oneStepBand(k, epsilon) {
  const stop = halfTangentAt(epsilon);
  const upper = k * stop < 1 ? (k + stop) / (1 - k * stop) : Infinity;
  return [Math.max((k - stop) / (1 + k * stop), 0), upper];
}

/** S1: the growth of ‖z‖² of both members of a pair that converges; null where steps are too large for its correction. */
export function pairGrowth(gamma, { alpha, beta }, angle) {
  const half = Math.sin(0.5 * angle);
  const oneMinus = 2 * half * half;
  if (!(0.5 * Math.abs(alpha - beta) * oneMinus < 1)) return null;
  const total = gamma * oneMinus * (1 + 0.25 * (alpha + beta) * (2 - oneMinus));
  const share = (alpha / beta) * (1 - 0.5 * (alpha - beta) * oneMinus);
  return { first: (total * share) / (1 + share), second: total / (1 + share) };
}

/** 1 − 1/d, and the spread of the squared gradient of fresh targets at a fraction f of the steps. */
function freshTargets(d, frequency) {
  const [square, fourth] = [1 - 1 / d, 1 - 2 / d + 3 / (d * (d + 2))];
  return { square, spread: fourth / (square * square * frequency) - 1 };
}

/**
 * S3: where norms settle under decay and a fresh random target at every step. `rule` is one of the kinds that the library
 * names; `settings` has gamma, decay, dimension, and frequency, momentum, beta1, beta2 where they matter.
 */
export function equilibrium(rule, settings) {
  const { gamma, decay, dimension: d, frequency = 1, momentum = 0, beta1 = 0, beta2 = 0 } = settings;
  const product = gamma * decay;
  const { square, spread } = freshTargets(d, frequency);
  const slow = (beta) => beta / (1 - beta * beta);
  const noise = (beta) => spread + (4 * beta * slow(beta)) / (d - 1);
  const linear = (gamma * frequency * square) / (2 * decay);
  const settled = (degree, power, angleSquare, shrinkage, nextOrder) => ({
    norm: degree === 2 ? Math.sqrt(Math.sqrt(power)) : Math.sqrt(power),
    angle: Math.sqrt(angleSquare),
    relaxation: 1 / (2 * degree * shrinkage),
    nextOrder,
  });
  const memory = 1 - momentum;
  switch (rule) {
    case "gradient-descent":
      return settled(2, linear, 2 * product, product, product * (0.125 + 0.25 * noise(0)));
    case "heavy-ball-coupled": {
      const order = product * (0.125 / (1 + momentum) + (0.25 * noise(momentum)) / (1 - momentum));
      return settled(2, linear / memory, (2 * product) / (1 + momentum), product / memory, order);
    }
    case "heavy-ball-decoupled": {
      const order = product * (0.125 - 0.5 * slow(momentum) + 0.25 * noise(momentum));
      return settled(2, linear / (memory * memory), (2 * product * memory) / (1 + momentum), product, order);
    }
    case "adamw": {
      const order =
        product * (0.25 - slow(beta1)) - 0.25 * ((1 - beta2) * ((3 * d) / ((d + 2) * frequency) - 1));
      return settled(1, (gamma * d) / (2 * decay), (2 * product * (1 - beta1)) / (1 + beta1), product, order);
    }
    case "normalized-gradient":
      return settled(1, (gamma * frequency) / (2 * decay), 2 * product, product, 0.25 * product);
    case "sign-descent":
      return settled(1, (gamma * frequency * d) / (2 * decay), 2 * product, product, 0.25 * product);
    default:
      return null;
  }
}

/** Beyond this turn in radians the tangent runs away. */
const LARGEST_TURN = 1.2;

/** Up to this turn in radians it goes as the learning rate. */
const PROPORTIONAL_TURN = 0.3;

/**
 * L8 and S9 for a step that turned embeddings by `turn` where positives are at `angle`: bounds on ln(x/aim) with
 * x = tan α/tan(φ0/2), the side of the step that is aimed at, and the factor of the learning rate that is advised (null: none).
 * `aim` are bounds on that step over the best one of a free pair, or null for a free pair itself, of which L8 is proved.
 */
export function standing(turn, angle, aim) {
  const leg = Math.tan(Math.min(turn, LARGEST_TURN));
  const excess = -Math.log(Math.tan(0.5 * Math.min(angle, 3.1)) / leg);
  const [least, most] = aim ?? [1, 1];
  return standingOf([excess - Math.log(most), excess - Math.log(least)], leg, aim === null);
}

/** The same from ln x = ln[γ(1 + cos φ0)/(ρ_i ρ_j)] of free embeddings under plain descent. */
export function standingOfPair(gamma, first, second, angle) {
  const half = Math.cos(0.5 * angle);
  const excess = Math.log(gamma) + Math.log(2 * half * half) - Math.log(first) - Math.log(second);
  return standingOf([excess, excess], Math.tan(0.5 * Math.min(angle, 3.1)) * Math.exp(excess), true);
}

function standingOf([low, high], leg, proved) {
  const [below, above] = proved ? [Math.LN2, Math.LN2] : [Math.log(3), Math.LN10];
  const far = !proved && leg > Math.tan(PROPORTIONAL_TURN);
  const saturated = !proved && leg >= Math.tan(LARGEST_TURN);
  let side = "unclear";
  if (high < -below && !far) side = "short";
  else if (low > above) side = "long";
  else if (!saturated && low >= -below && high <= above) side = "near";
  const excess = 0.5 * (low + high);
  let advised = null;
  if (side === "short" || (side === "long" && proved)) advised = Math.exp(-excess);
  else if (side === "long") advised = Math.exp(Math.max(-excess, -Math.LN10));
  return { low, high, excess, side, advised, far };
}

/** G4: the length of InfoNCE's gradient over 1 − p_j with spread negatives, and the most that it can be. */
export function contrast(norm, angle, temperature) {
  return { spread: Math.sin(angle) / norm / temperature, most: 2 / norm / temperature };
}
