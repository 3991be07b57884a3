// The functions of explore.html against the library: tests/command/explore/numbers.rs gives `input`, the functions with the
// table of settings and results, and faults to plant; `report` takes what is found.

/** Numbers are the same to this part of themselves, or of the largest number of their list. */
const SAME = 1e-12;

/** A module from its text. */
function imported(text) {
  return import(`data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`);
}

/** Compares and keeps account. */
function comparison(most) {
  const found = { numbers: 0, largest: 0, differences: [], count: 0 };
  const differ = (place, mine, theirs) => {
    found.count += 1;
    if (found.differences.length < most) found.differences.push({ place, page: String(mine), library: String(theirs) });
  };
  const number = (place, mine, theirs, size) => {
    found.numbers += 1;
    // JSON has no infinity.
    if (theirs === null) return mine === Infinity || mine === null ? null : differ(place, mine, theirs);
    const difference = Math.abs(mine - theirs) / Math.max(size, Math.abs(theirs), Number.MIN_VALUE);
    if (mine === theirs) return null;
    if (difference > found.largest) found.largest = difference;
    return difference <= SAME ? null : differ(place, mine, theirs);
  };
  return {
    found,
    number: (place, mine, theirs) => number(place, mine, theirs, 0),
    list: (place, mine, theirs) => {
      const size = Math.max(...theirs.map(Math.abs));
      theirs.forEach((value, index) => number(`${place}[${index}]`, mine[index], value, value === null ? 0 : size));
    },
    each: (place, mine, theirs) => theirs.forEach((value, index) => number(`${place}[${index}]`, mine[index], value, 0)),
    same: (place, mine, theirs) => {
      found.numbers += 1;
      if (mine !== theirs) differ(place, mine, theirs);
    },
  };
}

const flat = (pair) => [pair.k, pair.alpha, pair.beta];

function comparePair(page, row, index, check) {
  const { gamma, norm, second, held, angle, epsilon, budget, expected } = row;
  const pair = { k: Math.tan(0.5 * angle), alpha: gamma / (norm * norm), beta: held ? 0 : gamma / (second * second) };
  const place = (name) => `pair ${index}: ${name}`;
  const counted = page.stepsOfPair(pair, epsilon, budget);
  check.same(place("stop"), counted.stop, expected.stop);
  if (expected.stop === "reached") {
    check.same(place("steps"), counted.steps, expected.steps);
    check.number(place("crossing"), counted.crossing, expected.crossing);
  }
  check.each(place("step"), flat(page.pairStep(pair)), expected.step);
  check.number(place("one minus cosine"), page.oneMinusCosine(pair.k), expected.oneMinus);
  check.number(place("flow"), page.flowSteps(pair, epsilon), expected.flow);
  check.number(place("flowing"), page.flowHalfTangent(pair, 1), expected.flowing);
  check.number(place("orders"), page.secondOrderSteps(pair, epsilon), expected.orders);
  check.same(place("both need a step"), page.bothNeedAStep(pair.k, epsilon), expected.bothNeed);
  check.number(place("best norm"), page.bestNorm(gamma, angle), expected.best);
  check.each(place("band"), page.oneStepBand(pair.k, epsilon), expected.band);
  if (expected.dual) check.each(place("dual"), flat(page.dual(pair)), expected.dual);
  else check.same(place("dual"), page.dual(pair), null);
  const growth = held ? null : page.pairGrowth(gamma, pair, angle);
  if (expected.growth && growth) check.each(place("growth"), [growth.first, growth.second], expected.growth);
  else check.same(place("growth"), growth, expected.growth);
}

function compareDescent(page, row, index, check) {
  const ended = page.descend(row);
  const place = (name) => `descent ${index} by ${row.optimizer}: ${name}`;
  check.same(place("stop"), ended.stop, row.expected.stop);
  check.same(place("steps"), ended.steps, row.expected.steps);
  check.list(place("first"), ended.first, row.expected.first);
  check.list(place("second"), ended.second, row.expected.second);
}

function compareTraining(page, row, index, check) {
  const place = (name) => `training ${index} (${row.rule}): ${name}`;
  const { norm, angle, relaxation, nextOrder } = page.equilibrium(row.rule, row);
  const [ofNorm, ofAngle, ofRelaxation, order] = row.expected.settled;
  check.each(place("equilibrium"), [norm, angle, relaxation], [ofNorm, ofAngle, ofRelaxation]);
  // The next order is a difference: a part of 1.
  check.list(place("next order"), [nextOrder, 1], [order, 1]);
  const told = (name, mine, theirs) => {
    check.same(place(`${name}: side`), mine.side, theirs.side);
    check.list(place(`${name}: excess`), [mine.low, mine.high, 1], [...theirs.excess, 1]);
    if (theirs.advised === null) check.same(place(`${name}: advised`), mine.advised, null);
    else check.number(place(`${name}: advised`), mine.advised, theirs.advised);
  };
  told("network", page.standing(row.turn, row.angle, row.aim), row.expected.network);
  told("free", page.standing(row.turn, row.angle, null), row.expected.free);
  told("computed", page.standingOfPair(row.gamma, row.first, row.second, row.angle), row.expected.computed);
}

/** Every `every`th setting of the table, with these functions. */
function compared(page, table, every, most) {
  const check = comparison(most);
  const rows = (list, compare) => list.forEach((row, index) => index % every === 0 && compare(page, row, index, check));
  rows(table.pairs, comparePair);
  rows(table.descents, compareDescent);
  rows(table.trainings, compareTraining);
  return check.found;
}

const { functions, faults, table } = input;
const found = compared(await imported(functions), table, 1, 10);
const planted = [];
for (const [from, to] of faults) {
  const faulty = compared(await imported(functions.replace(from, () => to)), table, 10, 0);
  planted.push({ fault: from, noticed: faulty.count });
}
const settings = table.pairs.length + table.descents.length + table.trainings.length;
report(JSON.stringify({ settings, ...found, faults: planted }));
