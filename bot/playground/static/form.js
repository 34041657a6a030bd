// The form a bot opens ("modal").

import {el} from "./markdown.js";
import {act} from "./state.js";

const dialog = document.getElementById("modal");
const body = document.getElementById("modalBody");
const failure = document.getElementById("modalError");
const send = document.getElementById("modalSubmit");
let open = null;

/** openForm shows the form that the interaction with this id opened. */
export function openForm(interaction, modal) {
  open = {interaction, before: document.activeElement};
  document.getElementById("modalTitle").textContent = modal.title;
  failure.textContent = "";
  body.replaceChildren(...modal.components.flatMap(top => {
    if (top.type === 10) return [el("p", {}, top.content)];
    if (top.component) return [field({...top.component, label: top.label, description: top.description})];
    return (top.components ?? []).map(field);
  }));
  dialog.showModal();
  body.querySelector("input, textarea, select")?.focus();
}

function field(c) {
  const required = c.required !== false;
  const common = {name: c.custom_id, id: "f-" + c.custom_id, placeholder: c.placeholder, required, minlength: c.min_length, maxlength: c.max_length ?? 4000};
  let input;
  if (c.type === 3) {
    input = el("select", {...common, maxlength: null}, ...c.options.map(o => el("option", {value: o.value, selected: Boolean(o.default)}, o.label)));
  } else if (c.style === 2) {
    input = el("textarea", {...common, rows: 4});
    input.value = c.value ?? "";
  } else {
    input = el("input", {...common, type: "text", value: c.value});
  }
  const label = el("label", {for: common.id}, c.label, required ? el("span", {class: "must", "aria-hidden": "true"}, " *") : null);
  return el("div", {class: "field"}, label, c.description ? el("p", {class: "subtext"}, c.description) : null, input);
}

function close() {
  dialog.close();
  open?.before?.focus?.();
  open = null;
}

dialog.querySelector("form").onsubmit = async event => {
  event.preventDefault();
  send.disabled = true;
  failure.textContent = "";
  try {
    const values = Object.fromEntries([...body.querySelectorAll("input, textarea, select")].map(f => [f.name, f.value]));
    const answer = await act("submit", {form: open.interaction, values});
    if (answer.failed) failure.textContent = "Something went wrong. Try again.";
    else close();
  } catch (err) {
    failure.textContent = err.message;
  } finally {
    send.disabled = false;
  }
};
document.getElementById("modalClose").onclick = close;
document.getElementById("modalCancel").onclick = close;
