// What a browser sees of the report: images, links, widths, names. Leaves its findings as an attribute of the page.
// Copies of the images within figures: made while the page is read, so that the page waits for them before it is loaded.
const copies = [...document.querySelectorAll("svg image")].map((image) => {
  const copy = new Image();
  copy.src = image.href.baseVal;
  return copy;
});

addEventListener("load", () => {
  const wrong = [];
  const images = [...document.images];
  for (const image of [...images, ...copies]) {
    if (image.naturalWidth === 0) wrong.push("an image does not load: " + image.alt.slice(0, 40));
  }
  const links = [...document.links];
  for (const link of links) {
    const target = link.getAttribute("href");
    if (target.startsWith("#") && !document.getElementById(target.slice(1))) wrong.push("dead link: " + target);
  }
  if (document.documentElement.scrollWidth > innerWidth) {
    wrong.push(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${innerWidth}`);
  }
  const isShown = (drawing) => drawing.getBoundingClientRect().width > 0;
  const shown = [...document.querySelectorAll("figure .card > svg")].filter(isShown);
  const figures = [...document.querySelectorAll("figure")];
  for (const figure of figures) {
    const drawings = [...figure.querySelectorAll(".card > svg, .card > img")].filter(isShown);
    if (drawings.length !== 1) wrong.push(`${drawings.length} drawings are shown of: ${figure.innerText.slice(0, 40)}`);
  }
  for (const svg of shown) {
    const text = svg.querySelector("text");
    const height = text ? text.getBoundingClientRect().height : 99;
    if (height < 6) wrong.push(`text of ${height.toFixed(1)} px in: ${svg.getAttribute("aria-label").slice(0, 40)}`);
  }
  const requests = performance.getEntriesByType("resource").filter((entry) => !entry.name.startsWith("data:"));
  if (requests.length > 0) wrong.push("fetched: " + requests[0].name);
  const seen = `${figures.length} figures, ${images.length + copies.length} images, ${links.length} links`;
  const verdict = wrong.length === 0 ? "nothing wrong" : wrong.join("; ");
  document.documentElement.dataset.looked = `${seen}: ${verdict}`;
});
