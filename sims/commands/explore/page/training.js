// The second tab: answers as cards.

import { make, linked, commandWords } from "./words.js";
import { answers, commandsOf } from "./account.js";

/** Shows the answers for a state. */
export function showTraining(state) {
  const cards = answers(state).map(({ title, finding, conditions, worth }) =>
    make("article", {}, make("h3", {}, title), make("p", {}, ...linked(finding)),
      make("p", { class: "also" }, ...(conditions ? linked(`Conditions: ${conditions} `) : []), `Worth: ${worth}.`)));
  document.getElementById("answers").replaceChildren(...cards);
  document.getElementById("training-command").replaceChildren(...commandWords(commandsOf(state)));
}
