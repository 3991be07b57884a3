// Numbers and statements in words, and small pieces of the page.

/** What the library knows of optimizers, networks and statements. */
export const facts = JSON.parse(document.getElementById("facts").textContent);

/** The optimizer of this name, as the library knows it. */
export function optimizerNamed(name) {
  return facts.optimizers.find((entry) => entry.name === name);
}

/** A number for a reader: four digits at most, or its whole part, in scientific notation where it would have many zeros. */
export function brief(value) {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "–";
  const magnitude = Math.abs(value);
  if (magnitude === 0) return "0";
  if (magnitude < 1e-3 || magnitude >= 1e5) {
    const [digits, power] = value.toExponential(3).split("e");
    return `${Number(digits)}e${Number(power)}`;
  }
  const decimals = magnitude >= 1 ? Math.max(0, 3 - Math.floor(Math.log10(magnitude))) : 4;
  return String(Number(value.toFixed(decimals)));
}

/** A number for a reader with four digits, where `brief` would keep fewer of a small one. */
export function four(value) {
  const magnitude = Math.abs(value);
  return magnitude >= 1e-3 && magnitude < 1 ? String(Number(value.toPrecision(4))) : brief(value);
}

/** A command as words that stay whole where its line is broken. */
export function commandWords(command) {
  return command.split(/([ \n])/).map((word) => (word.length > 1 ? make("span", { class: "word" }, word) : word));
}

/** A whole number with thin spaces between its thousands. */
export function whole(value) {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

/** A number of steps in words. */
export function inSteps(value) {
  return value === 1 ? "1 step" : `${whole(value)} steps`;
}

/** The shortest digits that read back as the same number. */
export function exact(value) {
  return String(value);
}

/** An element of the page with attributes and children. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** A whole number as an exponent. */
export function raised(power) {
  return String(power).replace(/[-\d]/g, (sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)]));
}

/** Whole powers, written c^2, as exponents; the first power is the number itself. */
function typeset(text) {
  return text.replace(/\^(-?\d+)(?!\d|\.\d)/g, (_, power) => (power === "1" ? "" : raised(power)));
}

/** A text in which the ids of statements, in brackets as in [L1], lead to their entries below. */
export function linked(text) {
  return typeset(text).split(/(\[[DGLNS]\d\])/).map((part) => {
    const id = /^\[([DGLNS]\d)\]$/.exec(part)?.[1];
    const statement = facts.statements.find((entry) => entry.id === id);
    if (!statement) return id ?? part;
    const name = `${id}: ${statement.title}`;
    return make("button", { type: "button", class: "id", title: name, "aria-label": name, click: () => reveal(id) }, id);
  });
}

/** Opens the entry of a statement and moves there. */
function reveal(id) {
  const entry = document.getElementById(`statement-${id}`);
  if (!entry) return;
  document.getElementById("statements").open = true;
  entry.scrollIntoView({ block: "center" });
  entry.focus();
}

/** The entries of all statements that the page speaks of. */
export function statementEntries(ids) {
  return facts.statements.filter((entry) => ids.includes(entry.id)).map((entry) =>
    make("article", { id: `statement-${entry.id}`, class: "statement", tabindex: "-1" },
      make("h3", {}, make("span", { class: "id" }, entry.id), ` ${entry.title}`),
      ...entry.formula.split(";  ").map((line) => make("p", { class: "formula" }, typeset(line))),
      make("p", {}, typeset(entry.meaning)),
      make("p", { class: "places" }, "Proof: ", make("code", {}, entry.proof))));
}
