// What leaves the page: the figure as SVG, a command, the address.

import { shape, adjust } from "./svg.js";
import { commandOf } from "./pair.js";

/** The looks of a saved figure: those of the page in light colours. */
function looks() {
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
  const drawn = rules.filter((rule) => rule.selectorText?.includes("svg.drawing"));
  const names = new Set(drawn.flatMap((rule) => [...rule.cssText.matchAll(/var\((--[\w-]+)/g)].map((found) => found[1])));
  const root = rules.filter((rule) => rule.selectorText === ":root");
  const value = (name) => root.map((rule) => rule.style.getPropertyValue(name)).findLast(Boolean);
  const variables = [...names].map((name) => `${name}:${value(name)}`).join(";");
  return `svg.drawing{${variables};font-family:system-ui,"DejaVu Sans",sans-serif}\n${drawn.map((rule) => rule.cssText).join("\n")}`;
}

/** The drawings that are shown, in two columns, as one SVG. */
export function savedFigure(state) {
  const drawings = [...document.querySelectorAll("#drawings svg.drawing")].filter((svg) => svg.getBoundingClientRect().width > 0);
  const whole = shape("svg", { class: "drawing saved", xmlns: "http://www.w3.org/2000/svg" });
  const bottoms = [0, 0];
  drawings.forEach((svg, index) => {
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    const column = index % 2;
    const copy = svg.cloneNode(true);
    adjust(copy, { x: column * 400 + 10, y: bottoms[column] + 10, width, height, tabindex: null, role: null, class: null, id: null });
    bottoms[column] += height + 10;
    whole.append(copy);
  });
  const [width, height] = [drawings.length > 1 ? 800 : 400, Math.max(...bottoms) + 20];
  adjust(whole, { viewBox: `0 0 ${width} ${height}`, width, height });
  whole.prepend(
    shape("title", {}, document.getElementById("verdict").textContent),
    shape("desc", {}, `Drawn by explore.html of embedding-norms. The same numbers: ${commandOf(state)}`),
    shape("style", {}, looks()),
    shape("rect", { width, height, fill: "#fff" }),
  );
  return new XMLSerializer().serializeToString(whole);
}

/** Offers a text as a file. */
export function offer(name, content, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Copies a text; where the browser does not allow it, selects its element instead. */
export async function copy(element, said) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    said("Copied.");
  } catch {
    getSelection().selectAllChildren(element);
    said("Selected: copy it with your keyboard.");
  }
}
