// The state of the page: checked numbers and choices, kept in the fragment of the address.

const number = (value, low, high, options = {}) => ({ kind: "number", value, low, high, ...options });
const choice = (value, values, labels = {}) => ({ kind: "choice", value, values, labels });
const flag = (value) => ({ kind: "flag", value });
const LOG = { log: true };

/** The largest angle that a field takes: an exactly opposite pair stands, whatever is done to it. */
const LARGEST_ANGLE = 3.14159;

/** Everything that can be set, with its default and its domain. */
export const FIELDS = {
  tab: choice("pair", ["pair", "training"]),
  model: choice("pair", ["pair", "fresh"], { pair: "a pair", fresh: "one, to fresh targets" }),
  norm: number(0.5, 0.001, 100, LOG),
  second: number(0.5, 0.001, 100, LOG),
  same: flag(true),
  angle: number(1.5708, 0.01, LARGEST_ANGLE),
  rate: number(0.02, 0.0001, 10, LOG),
  held: flag(false),
  optimizer: choice("gradient-descent", ["gradient-descent", "heavy-ball", "adam", "sign-descent", "lars"], {
    "gradient-descent": "plain gradient descent", "heavy-ball": "heavy ball", adam: "Adam", "sign-descent": "sign descent", lars: "LARS",
  }),
  momentum: number(0.9, 0, 0.99),
  tolerance: number(0.001, 1e-8, 0.5, LOG),
  decay: number(0.05, 0.0001, 10, LOG),
  coupled: flag(false),
  length: number(2000, 1, 20000, { log: true, whole: true }),
  seed: number(1, 0, 4294967295, { whole: true, noSlider: true }),
  yaw: number(-0.75, -3.1416, 3.1416),
  pitch: number(0.42, -1.5, 1.5),
  eta: number(0.5, 1e-8, 1000, LOG),
  batch: number(256, 1, 1e6, { log: true, whole: true }),
  temperature: number(null, 0.001, 10, { log: true, optional: true }),
  rule: choice("heavy-ball", null),
  lambda: number(null, 1e-8, 10, { log: true, optional: true }),
  l2: flag(true),
  median: number(8, 0.001, 1e4, LOG),
  positives: number(1, 0.01, LARGEST_ANGLE),
  network: choice("batch-norm", null),
  turn: number(null, 1e-8, LARGEST_ANGLE, { log: true, optional: true }),
  dimension: number(128, 2, 1e6, { log: true, whole: true }),
};

/** Fills in the choices that the library knows. */
export function know(facts) {
  FIELDS.rule.values = facts.optimizers.map((entry) => entry.name);
  FIELDS.network.values = ["free", "unknown", ...facts.networks.map((entry) => entry.name)];
  FIELDS.network.labels = { free: "none: free embeddings", unknown: "of another kind" };
}

/** The defaults. */
export function defaults() {
  return Object.fromEntries(Object.entries(FIELDS).map(([name, field]) => [name, field.value]));
}

/** What is wrong with a written value; null if nothing is. */
export function refusal(name, text) {
  const field = FIELDS[name];
  if (field.kind === "choice") return field.values.includes(text) ? null : `not one of ${field.values.join(", ")}`;
  if (field.kind === "flag") return ["0", "1"].includes(text) ? null : "neither 0 nor 1";
  if (text.trim() === "") return field.optional ? null : "empty";
  const value = Number(text);
  if (!Number.isFinite(value)) return "not a number";
  if (field.whole && !Number.isInteger(value)) return "not a whole number";
  return value < field.low || value > field.high ? `not from ${field.low} to ${field.high}` : null;
}

/** The value that a text stands for. */
export function valueOf(name, text) {
  const field = FIELDS[name];
  if (field.kind === "choice") return text;
  if (field.kind === "flag") return text === "1";
  return text.trim() === "" ? null : Number(text);
}

/** The state that a fragment stands for, and a sentence for each part of it that cannot be taken. */
export function read(fragment) {
  const state = defaults();
  const refused = [];
  for (const [name, text] of new URLSearchParams(fragment.replace(/^#/, ""))) {
    if (!Object.hasOwn(FIELDS, name)) {
      refused.push(`The address names “${name}”, which is no setting of this page.`);
      continue;
    }
    const why = refusal(name, text);
    if (why) refused.push(`The address sets ${name} to “${text}”, which is ${why}; ${shown(state[name])} is taken.`);
    else state[name] = valueOf(name, text);
  }
  return { state, refused };
}

const shown = (value) => (value === null ? "none" : String(value));

/** The fragment of a state: what differs from the defaults. */
export function written(state) {
  const parts = new URLSearchParams();
  for (const [name, field] of Object.entries(FIELDS)) {
    const value = state[name];
    if (value === field.value) continue;
    parts.set(name, field.kind === "flag" ? String(Number(value)) : value === null ? "" : String(value));
  }
  return parts.toString();
}
