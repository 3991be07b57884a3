// How fast the page draws while a value is dragged, in a browser that draws frames: frames.sh appends this to explore.html.

const FRAMES = 240;
/** About 2,000 steps of plain descent, and as many of a path under fresh targets. */
const DRAGGED = [
  ["a pair", { norm: 4.6 }, (turn) => ({ norm: 4.6 + 0.02 * Math.sin(turn) })],
  ["its angle", { norm: 4.6 }, (turn) => ({ angle: 1.5 + 0.02 * Math.sin(turn) })],
  ["heavy ball", { norm: 14.5, optimizer: "heavy-ball" }, (turn) => ({ norm: 14.5 + 0.05 * Math.sin(turn) })],
  ["fresh targets", { model: "fresh", length: 2000 }, (turn) => ({ norm: 3 + 0.02 * Math.sin(turn) })],
  ["the sphere", { norm: 4.6 }, null],
];

const nextFrame = () => new Promise(requestAnimationFrame);
let spent = [];
const drawn = globalThis.requestAnimationFrame.bind(globalThis);
/** Times what the page does in a frame. */
globalThis.requestAnimationFrame = (draw) => drawn((now) => {
  const before = performance.now();
  draw(now);
  spent.push(performance.now() - before);
});
const middle = (values, share) => [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))];
const start = explore.state();
const lines = [];
for (const [name, from, moved] of DRAGGED) {
  explore.change({ ...start, ...from });
  for (let warm = 0; warm < 20; warm += 1) await nextFrame();
  const steps = document.getElementById("verdict").textContent.match(/after ([\d\u202f]+)/)?.[1] ?? "2000";
  const times = [];
  spent = [];
  for (let frame = 0; frame <= FRAMES; frame += 1) {
    if (moved) explore.change(moved(frame / 10));
    else explore.turn(0.01, 0);
    await nextFrame();
    times.push(performance.now());
  }
  const gaps = times.slice(1).map((time, index) => time - times[index]);
  const rate = (1000 * FRAMES) / (times.at(-1) - times[0]);
  lines.push(`${name}, ${steps} steps: ${rate.toFixed(1)} frames a second, median ${middle(gaps, 0.5).toFixed(1)} ms, 95th percentile ${middle(gaps, 0.95).toFixed(1)} ms; ${middle(spent.filter((time) => time > 0.2), 0.5)?.toFixed(1) ?? "0"} ms of it JavaScript`);
}
console.log(`FRAMES ${lines.join(" | ")} | END`);
