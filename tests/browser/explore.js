// What a browser sees of explore.html: tests/command/explore/looks.rs appends this to the page, which posts its findings to
// the page around it.

// A browser that only hands over the page draws no frames: timers stand for them.
globalThis.requestAnimationFrame = (next) => setTimeout(() => next(performance.now()), 0);
const frames = (count) => new Promise((done) => {
  const next = (left) => (left === 0 ? done() : requestAnimationFrame(() => next(left - 1)));
  next(count);
});
const box = (element) => element.getBoundingClientRect();
const isShown = (element) => box(element).width > 0 && box(element).height > 0;
const wrong = [];

function lookAtWidth() {
  if (document.documentElement.scrollWidth > innerWidth) {
    wrong.push(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${innerWidth}`);
  }
}

/** What a screen reader calls an element. */
function nameOf(element) {
  const named = document.getElementById(element.getAttribute("aria-labelledby"));
  return named?.textContent || element.getAttribute("aria-label") || element.labels?.[0]?.textContent || element.textContent;
}

function lookAtNames() {
  const controls = [...document.querySelectorAll("input, select, button, [tabindex='0']")].filter(isShown);
  for (const control of controls) {
    if (!nameOf(control).trim()) wrong.push(`no name: ${control.outerHTML.slice(0, 80)}`);
  }
  for (const slider of document.querySelectorAll("input[type=range]")) {
    const seen = slider.closest(".control").querySelector("label").textContent;
    if (nameOf(slider) !== seen) wrong.push(`the slider of “${seen}” is called “${nameOf(slider)}”`);
  }
  for (const svg of [...document.querySelectorAll("svg.drawing")].filter(isShown)) {
    if (!svg.getAttribute("aria-label") || !svg.getAttribute("role")) wrong.push(`no name: #${svg.id}`);
  }
  return controls.length;
}

/** Texts of drawings: inside of them, large enough, and none on another. */
function lookAtTexts() {
  for (const svg of [...document.querySelectorAll("svg.drawing")].filter(isShown)) {
    const frame = box(svg);
    const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent && isShown(text));
    for (const text of texts) {
      const place = box(text);
      const isInside = place.left >= frame.left - 0.5 && place.right <= frame.right + 0.5 && place.top >= frame.top - 0.5 && place.bottom <= frame.bottom + 0.5;
      if (!isInside) wrong.push(`#${svg.id}: “${text.textContent}” leaves the drawing`);
      if (place.height < 8) wrong.push(`#${svg.id}: “${text.textContent}” is ${place.height.toFixed(1)} px high`);
    }
    texts.forEach((one, index) => texts.slice(index + 1).forEach((other) => {
      const [a, b] = [box(one), box(other)];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 1 && down > 0.35 * Math.min(a.height, b.height)) {
        wrong.push(`#${svg.id}: “${one.textContent}” lies on “${other.textContent}”`);
      }
    }));
  }
}

/** The names on the sphere stand clear of the paths: by half of their letters' size of 14. */
function lookAtSphere() {
  const dots = [...document.querySelectorAll("#sphere .dots")].flatMap((path) => [...path.getAttribute("d").matchAll(/M(-?[\d.]+) (-?[\d.]+)/g)]);
  for (const name of [...document.querySelectorAll("#sphere .name")].filter(isShown)) {
    const { x, y, width, height } = name.getBBox();
    const nearest = Math.min(...dots.map(([, across, down]) => Math.hypot(across - x - width / 2, down - y - height / 2)));
    if (nearest < 7) wrong.push(`#sphere: “${name.textContent}” is ${nearest.toFixed(1)} from a path`);
  }
}

/** No option of a command is broken in two. */
function lookAtCommands() {
  for (const word of [...document.querySelectorAll("pre .word")].filter(isShown)) {
    if (word.getClientRects().length !== 1) wrong.push(`broken: ${word.textContent}`);
  }
}

const key = (element, name) => element.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
const changed = (what, before) => explore.state()[what] !== before[what];

/** Keys and the pointer move what they should. */
async function useIt() {
  const start = explore.state();
  const point = document.querySelector("#map .point");
  const isPair = start.tab === "pair";
  if (isPair && isShown(document.getElementById("map"))) {
    key(point, "ArrowRight");
    key(point, "ArrowUp");
    await frames(3);
    if (!(explore.state().norm < start.norm)) wrong.push("right on the map does not shorten the norms");
    if (!(explore.state().angle > start.angle)) wrong.push("up on the map does not widen the angle");
    const frame = box(document.getElementById("map"));
    const at = { pointerId: 1, bubbles: true, clientX: frame.left + 0.4 * frame.width, clientY: frame.top + 0.4 * frame.height };
    const before = explore.state();
    document.getElementById("map").setPointerCapture = () => {};
    document.getElementById("map").dispatchEvent(new PointerEvent("pointerdown", at));
    document.getElementById("map").dispatchEvent(new PointerEvent("pointermove", { ...at, clientX: at.clientX + 30 }));
    document.getElementById("map").dispatchEvent(new PointerEvent("pointerup", at));
    await frames(3);
    if (!changed("norm", before) || !changed("angle", before)) wrong.push("the point on the map is not dragged");
  }
  if (isPair) {
    const sphere = document.getElementById("sphere");
    const before = sphere.innerHTML;
    key(sphere, "ArrowLeft");
    if (sphere.innerHTML === before) wrong.push("the sphere does not turn");
    const { yaw } = explore.state();
    if (yaw === start.yaw) wrong.push("the state does not say how the sphere is seen");
    await new Promise((done) => setTimeout(done, 1000));
    if (Number(new URLSearchParams(location.hash.slice(1)).get("yaw")) !== yaw) wrong.push(`the address does not say how the sphere is seen: ${location.hash}`);
    key(sphere, "Home");
    if (explore.state().yaw !== -0.75) wrong.push("Home does not turn the sphere back");
  }
  const field = document.getElementById(isPair ? "field-rate" : "field-eta");
  const name = isPair ? "rate" : "eta";
  const before = explore.state();
  const type = (text) => {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  type("none");
  if (changed(name, before) || field.getAttribute("aria-invalid") !== "true") wrong.push("a word is taken for a rate");
  type("0.125");
  await frames(3);
  if (explore.state()[name] !== 0.125) wrong.push("a typed rate is not taken");
  const tab = document.querySelector("[role=tab][aria-selected=true]");
  key(tab, "ArrowRight");
  await frames(3);
  if (explore.state().tab === start.tab) wrong.push("the arrow keys change no tab");
}

/** A saved figure is SVG by itself, with every colour said. */
function lookAtFigure() {
  const text = explore.savedFigure();
  const saved = new DOMParser().parseFromString(text, "image/svg+xml");
  if (saved.querySelector("parsererror")) wrong.push("the saved figure is not well formed");
  const styles = saved.querySelector("style")?.textContent ?? "";
  const used = new Set([...styles.matchAll(/var\((--[\w-]+)/g)].map((it) => it[1]));
  for (const name of used) if (!new RegExp(`${name}:\\s*#`).test(styles)) wrong.push(`${name} is not said in the saved figure`);
  if (!saved.querySelector("desc")?.textContent.includes("embedding-norms")) wrong.push("the saved figure names no command");
  return saved.querySelectorAll("svg svg").length;
}

await frames(4);
const words = (id) => document.getElementById(id).innerText;
const state = explore.state();
const seen = {
  width: innerWidth, tab: state.tab, verdict: words("verdict"), refused: words("refused"), command: words(`${state.tab}-command`),
  answers: words("answers"), story: words("story"), view: document.querySelector("#sphere .grid").getAttribute("d"), path: words("path-note"), map: words("map-note"),
};
lookAtWidth();
lookAtTexts();
lookAtSphere();
lookAtCommands();
seen.controls = lookAtNames();
if (state.tab === "pair") seen.drawings = lookAtFigure();
const requests = performance.getEntriesByType("resource").filter((entry) => !/^(data|blob):/.test(entry.name));
if (requests.length > 0) wrong.push(`fetched: ${requests[0].name}`);
await useIt();
parent.postMessage(JSON.stringify({ ...seen, wrong }), "*");
