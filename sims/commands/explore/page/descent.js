// Descent of vectors under any of five optimizers, in the order of the library's operations (src/simulation/descent.rs,
// src/optimizer/): the counts are the same, and coordinates are the same to rounding.

/** Steps between two looks at whether anything moves, and the size below which nothing does. */
const [STATIONARY_EVERY, STATIONARY] = [64, 1e-14];

function inner(x, y) {
  let sum = 0;
  for (let i = 0; i < x.length; i += 1) sum += x[i] * y[i];
  return sum;
}

const length = (x) => Math.sqrt(inner(x, x));
const ratio = (x, y) => (y === 0 ? 0 : x / y);

/** The direction of a vector, and its norm. */
export function normalized(z) {
  const found = { unit: new Array(z.length).fill(0), norm: 0 };
  normalize(z, found);
  return found;
}

/** The same into an object that is there. */
function normalize(z, found) {
  found.norm = length(z);
  const reciprocal = 1 / found.norm;
  for (let i = 0; i < z.length; i += 1) found.unit[i] = z[i] * reciprocal;
}

/** G1: the gradient by z of −ẑ·target, into `gradient`. */
function pullback({ unit, norm }, target, gradient) {
  let radial = 0;
  for (let i = 0; i < unit.length; i += 1) radial += -target[i] * unit[i];
  const reciprocal = 1 / norm;
  for (let i = 0; i < unit.length; i += 1) gradient[i] = (-target[i] - radial * unit[i]) * reciprocal;
}

/**
 * An optimizer of one embedding: a function that moves z along a gradient, in place, and remembers what the rule remembers.
 * Settings: momentum, beta1, beta2, epsilon, trust, innerDecay.
 */
export function optimizer(name, settings, dimension) {
  const zeros = () => new Array(dimension).fill(0);
  switch (name) {
    case "gradient-descent":
      return (z, g, rate) => {
        for (let i = 0; i < dimension; i += 1) z[i] -= rate * g[i];
      };
    case "sign-descent":
      return (z, g, rate) => {
        for (let i = 0; i < dimension; i += 1) z[i] -= rate * Math.sign(g[i]);
      };
    case "heavy-ball":
      return heavyBall(settings.momentum, zeros());
    case "adam":
      return adam(settings, zeros(), zeros());
    case "lars":
      return lars(settings, zeros());
    default:
      throw new Error(`there is no optimizer '${name}' here`);
  }
}

function heavyBall(momentum, velocity) {
  return (z, g, rate) => {
    for (let i = 0; i < z.length; i += 1) {
      velocity[i] = momentum * velocity[i] + g[i];
      z[i] -= rate * velocity[i];
    }
  };
}

function adam({ beta1, beta2, epsilon }, means, squares) {
  let [first, second] = [1, 1];
  return (z, g, rate) => {
    first *= beta1;
    second *= beta2;
    const one = 1 - first;
    const two = Math.sqrt(1 - second);
    for (let i = 0; i < z.length; i += 1) {
      means[i] = beta1 * means[i] + (1 - beta1) * g[i];
      squares[i] = beta2 * squares[i] + (1 - beta2) * g[i] * g[i];
      z[i] -= rate * ratio(means[i] / one, Math.sqrt(squares[i]) / two + epsilon);
    }
  };
}

function lars({ momentum, trust, innerDecay }, velocity) {
  return (z, g, rate) => {
    const size = length(z);
    const own = rate * ratio(trust * size, length(g) + innerDecay * size);
    for (let i = 0; i < z.length; i += 1) {
      velocity[i] = momentum * velocity[i] + own * (g[i] + innerDecay * z[i]);
      z[i] -= velocity[i];
    }
  };
}

/** An embedding with all that moves it: one step of −ẑ·target, with decay λ beside the rule. */
function mover(start, { gamma, optimizer: name, settings, decay = 0, coupled = false }) {
  const z = [...start];
  const directions = normalized(z);
  const gradient = new Array(z.length).fill(0);
  const update = optimizer(name, settings, z.length);
  const kept = coupled ? 1 : 1 - gamma * decay;
  return {
    z,
    directions,
    /** The angle per unit of γ/ρ² by which a target turns it. */
    slope(target) {
      pullback(directions, target, gradient);
      return directions.norm * length(gradient);
    },
    step(target) {
      pullback(directions, target, gradient);
      for (let i = 0; i < z.length; i += 1) {
        if (coupled) gradient[i] += decay * z[i];
        else z[i] *= kept;
      }
      update(z, gradient, gamma);
    },
    look: () => normalize(z, directions),
  };
}

/** 1 − cos φ of two unit vectors, without cancellation. */
function chordOneMinus(x, y) {
  let sum = 0;
  for (let i = 0; i < x.length; i += 1) sum += (x[i] - y[i]) * (x[i] - y[i]);
  return 0.5 * sum;
}

/**
 * Descent of −cos φ from a pair of vectors until 1 − cos φ ≤ ε. `run` has first, second, gamma, optimizer, settings, decay,
 * coupled, stopGradient, epsilon, budget. `visit` is told every state: step, both directions with norms, 1 − cos φ.
 */
export function descend(run, visit = () => {}) {
  const [first, second] = [mover(run.first, run), mover(run.second, run)];
  const zero = run.first.map(() => 0);
  const ofSecond = run.stopGradient ? zero : [...first.directions.unit];
  for (let step = 0; ; step += 1) {
    const oneMinus = chordOneMinus(first.directions.unit, second.directions.unit);
    const end = (stop) => ({ stop, steps: step, first: first.z, second: second.z, oneMinus });
    if (!Number.isFinite(oneMinus)) return end("not-finite");
    visit(step, first.directions, second.directions, oneMinus);
    if (oneMinus <= run.epsilon) return end("reached");
    if (!run.stopGradient) for (let i = 0; i < zero.length; i += 1) ofSecond[i] = first.directions.unit[i];
    if (step % STATIONARY_EVERY === 0) {
      if (Math.max(first.slope(second.directions.unit), second.slope(ofSecond)) <= STATIONARY) return end("stationary");
    }
    if (step >= run.budget) return end("budget");
    first.step(second.directions.unit);
    second.step(ofSecond);
    first.look();
    second.look();
  }
}

/** Random numbers in [0, 1) from a seed: the generator mulberry32. */
export function uniform(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A direction in three dimensions, uniform on the sphere: its height is, and its longitude. */
export function uniformDirection(random) {
  const height = 2 * random() - 1;
  const longitude = 2 * Math.PI * random();
  const radius = Math.sqrt(1 - height * height);
  return [radius * Math.cos(longitude), radius * Math.sin(longitude), height];
}

/** One embedding under a fresh random target at every step (S3), for `run.budget` steps. */
export function pursue(run, visit) {
  const one = mover(run.first, run);
  const random = uniform(run.seed);
  for (let step = 0; ; step += 1) {
    if (!Number.isFinite(one.directions.norm) || one.directions.norm === 0) return { stop: "not-finite", steps: step, first: one.z };
    visit(step, one.directions);
    if (step >= run.budget) return { stop: "budget", steps: step, first: one.z };
    one.step(uniformDirection(random));
    one.look();
  }
}
