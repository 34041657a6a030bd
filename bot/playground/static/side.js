// Behind the scenes: the switches and the timeline.

import {el} from "./markdown.js";
import {act, state, toast} from "./state.js";

const switches = [
  ["slow-model", "Slow model", "It waits six seconds before its first word"],
  ["model-error", "Model error", "Every request to the model fails"],
  ["cut-stream", "Cut stream", "The model's answer breaks off"],
  ["backend-down", "Backend down", "Nothing can be delivered; it waits in the database"],
];
const moments = [
  ["rate-limit", "Rate limit", "Discord asks the bot to wait five seconds"],
  ["disconnect", "Disconnect", "Discord drops the bot's connection"],
  ["restart", "Restart the bot", "It stops and starts again on the same database"],
];

export function drawSwitches() {
  const box = document.getElementById("switches");
  box.replaceChildren(
    ...switches.map(([name, label, title]) => {
      const input = el("input", {type: "checkbox", role: "switch", checked: state.switches[name], id: "s-" + name});
      input.onchange = () => turn(name, input.checked);
      return el("label", {class: "switch", title}, input, el("span", {class: "knob", "aria-hidden": "true"}), label);
    }),
    el("div", {class: "moments"}, ...moments.map(([name, label, title]) => {
      const button = el("button", {type: "button", class: "component grey", title, id: "s-" + name}, label);
      button.onclick = () => turn(name, true);
      return button;
    })));
}

/** drawArrived shows what the stand-in for the evaluation backend has got. */
export async function drawArrived() {
  const answer = await fetch("arrived");
  if (!answer.ok) return;
  const list = await answer.json(), votes = list.reduce((n, a) => n + a.feedback.length, 0);
  const many = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
  document.getElementById("arrivedCount").textContent = `${many(list.length, "answer")}, ${many(votes, "vote")}`;
  document.getElementById("arrived").replaceChildren(...list.map(a => el("li", {}, el("p", {class: "asked"}, a.input), el("p", {class: "answered"}, a.output),
    ...a.feedback.map(f => el("p", {class: "vote"}, f)))));
}

async function turn(name, on) {
  try {
    await act("switch", {name, on});
  } catch (err) {
    toast(err.message);
  }
}

const kinds = {gateway: "Discord → bot", rest: "bot → Discord", model: "bot → model", vote: "database", backend: "bot → backend", bot: "bot", switch: "you"};
const list = document.getElementById("timeline");
const clock = new Intl.DateTimeFormat(undefined, {hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23"});

const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < 40;
const toEnd = () => { list.scrollTop = list.scrollHeight; };

export function drawTimeline(entries) {
  list.replaceChildren(...entries.map(line));
  toEnd();
}

export function addEntry(entry) {
  const end = atEnd();
  list.append(line(entry));
  while (list.childElementCount > 500) list.firstChild.remove();
  if (end) toEnd();
  if (entry.kind === "backend") drawArrived();
}

// What is above the timeline grows and takes its room: the newest line stays in sight.
let shownHeight = 0, wasAtEnd = true;
list.onscroll = () => { if (list.clientHeight === shownHeight) wasAtEnd = atEnd(); };
new ResizeObserver(() => { shownHeight = list.clientHeight; if (wasAtEnd) toEnd(); }).observe(list);

function line(entry) {
  const bad = entry.status >= 400 || entry.silent;
  const head = [el("span", {class: "kind"}, kinds[entry.kind] ?? entry.kind), el("span", {class: "what"}, entry.title),
    entry.status || entry.silent ? el("span", {class: "status" + (bad ? " bad" : "")}, entry.silent ? "no answer" : String(entry.status)) : null,
    el("time", {datetime: entry.at}, clock.format(new Date(entry.at)))];
  if (!entry.detail) return el("li", {class: entry.kind}, el("div", {class: "summary"}, ...head));
  const details = el("details", {}, el("summary", {}, ...head));
  details.ontoggle = () => {
    if (details.open && !details.querySelector("pre")) details.append(el("pre", {tabindex: "0"}, JSON.stringify(entry.detail, null, 2)));
    if (details.open) details.scrollIntoView({block: "nearest"}); // the JSON of the last line would open out of sight
  };
  return el("li", {class: entry.kind}, details);
}
