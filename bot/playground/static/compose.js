// The message box: mentions, commands with their options, replies and files.

import {el} from "./markdown.js";
import {act, state, toast} from "./state.js";
import {openForm} from "./form.js";

const $ = id => document.getElementById(id);
const box = $("box"), list = $("suggestions");
let files = [];
let chosen = 0;

/** startReply makes the next message a reply; null ends that. */
export function startReply(m) {
  state.replyTo = m;
  $("replying").hidden = !m;
  if (!m) return;
  $("replying").firstElementChild.textContent = "Replying to " + m.author.username;
  $("ping").checked = true;
  box.focus();
}

const slash = () => state.commands.filter(c => c.type === 1);

/** suggestions returns what may stand at the caret: {label, hint, put}. */
function suggestions() {
  const before = box.value.slice(0, box.selectionStart);
  const command = before.match(/^\/([\w-]*)$/);
  if (command) {
    return slash().filter(c => c.name.startsWith(command[1])).map(c => ({label: "/" + c.name, hint: c.description,
      put: () => { box.value = `/${c.name} ` + (c.options?.[0] ? c.options[0].name + ": " : ""); }}));
  }
  const option = before.match(/^\/([\w-]+) (?:.*\s)?([\w-]*)$/);
  const known = option && slash().find(c => c.name === option[1]);
  if (known) {
    return (known.options ?? []).filter(o => o.type !== takesFile && !box.value.includes(o.name + ":") && o.name.startsWith(option[2])).map(o => ({label: o.name, hint: o.description,
      put: () => { box.value = before.slice(0, before.length - option[2].length) + o.name + ": "; }}));
  }
  const mention = before.match(/@(\w*)$/);
  if (!mention) return [];
  const put = words => () => { box.value = before.slice(0, before.length - mention[0].length) + words + " " + box.value.slice(box.selectionStart); };
  return [{label: state.bot.username, hint: "the bot"}, ...state.members.map(m => ({label: m.name})), {label: state.role.name, hint: "the bot's role", words: `<@&${state.role.id}>`}]
    .filter(s => s.label.toLowerCase().startsWith(mention[1].toLowerCase())).map(s => ({label: "@" + s.label, hint: s.hint, put: put(s.words ?? "@" + s.label)}));
}

function drawSuggestions() {
  const all = suggestions();
  chosen = Math.max(0, Math.min(chosen, all.length - 1));
  list.hidden = !all.length;
  list.replaceChildren(...all.map((s, i) => {
    const node = el("li", {role: "option", id: "o" + i, "aria-selected": String(i === chosen)}, el("b", {}, s.label), " ", el("span", {}, s.hint ?? ""));
    node.onpointerdown = e => { e.preventDefault(); take(s); };
    return node;
  }));
  if (all.length) box.setAttribute("aria-activedescendant", "o" + chosen);
  else box.removeAttribute("aria-activedescendant");
  return all;
}

function take(s) {
  s.put();
  chosen = 0;
  grow();
  drawSuggestions();
}

function grow() {
  box.style.height = "auto";
  box.style.height = Math.min(box.scrollHeight, innerHeight / 2) + "px";
}

// The types of options that are not text: a file, which is attached and not typed, and yes or no.
const takesFile = 11, takesFlag = 5;

/** options reads "/name first: text second: text". */
function options(command, rest) {
  const typed = (command.options ?? []).filter(o => o.type !== takesFile), names = typed.map(o => o.name);
  const marks = names.map(n => ({n, at: rest.search(new RegExp("(^|\\s)" + n + ":"))})).filter(m => m.at >= 0).sort((a, b) => a.at - b.at);
  if (!marks.length && rest.trim() && names.length) return {[names[0]]: rest.trim()};
  return Object.fromEntries(marks.map((m, i) => {
    const value = rest.slice(rest.indexOf(m.n + ":", m.at) + m.n.length + 1, marks[i + 1]?.at).trim();
    return [m.n, typed.find(o => o.name === m.n).type === takesFlag ? /^(true|yes)$/i.test(value) : value];
  }));
}

async function send() {
  const written = box.value.trim();
  if (!written && !files.length) return;
  const slashed = written.match(/^\/([\w-]+)\s*([^]*)$/);
  const command = slashed && slash().find(c => c.name === slashed[1]);
  try {
    if (command) {
      const values = options(command, slashed[2]);
      const missing = (command.options ?? []).find(o => o.required && !values[o.name]);
      if (missing) { toast(`/${command.name} needs ${missing.name}`); return; }
      const slots = (command.options ?? []).filter(o => o.type === takesFile);
      if (files.length > slots.length) { toast(slots.length ? `/${command.name} takes ${slots.length} files` : `/${command.name} takes no files`); return; }
      const sent = (await encoded()).map((f, i) => ({...f, option: slots[i].name}));
      clear();
      const answer = await act("command", {channel: state.place, name: command.name, options: values, files: sent});
      if (answer.failed) toast("The application did not respond");
      if (answer.modal) openForm(answer.form, answer.modal);
      return;
    }
    const names = [{id: state.bot.id, name: state.bot.username}, ...state.members].sort((a, b) => b.name.length - a.name.length);
    const text = names.reduce((t, n) => t.replaceAll("@" + n.name, `<@${n.id}>`), written);
    const body = {channel: state.place, text, replyTo: state.replyTo?.id, silent: Boolean(state.replyTo) && !$("ping").checked,
      files: await encoded()};
    clear();
    await act("say", body);
  } catch (err) {
    box.value = box.value || written;
    toast(err.message);
  }
}

function clear() {
  box.value = "";
  files = [];
  drawFiles();
  startReply(null);
  grow();
  drawSuggestions();
}

function drawFiles() {
  $("files").hidden = !files.length;
  $("files").replaceChildren(...files.map((f, i) => {
    const remove = el("button", {type: "button", class: "icon", "aria-label": "Remove " + f.name}, "✕");
    remove.onclick = () => { files.splice(i, 1); drawFiles(); };
    return el("span", {class: "file"}, f.name, remove);
  }));
}

const maxFiles = 10, maxBytes = 10 << 20;

function attach(list) {
  for (const f of list) {
    if (f.size > maxBytes || files.length >= maxFiles) toast(f.size > maxBytes ? "This file is larger than 10 MB" : "A message takes ten files");
    else files.push(f);
  }
  drawFiles();
}

const encoded = () => Promise.all(files.map(async f => ({name: f.name, type: f.type, data: await base64(f)})));

function base64(f) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error(f.name + " cannot be read"));
    reader.readAsDataURL(f);
  });
}

export function setUpComposer() {
  box.onpaste = e => { if (e.clipboardData.files.length) { e.preventDefault(); attach(e.clipboardData.files); } };
  box.oninput = () => { grow(); chosen = 0; drawSuggestions(); };
  box.onblur = () => { list.hidden = true; };
  box.onkeydown = e => {
    const all = list.hidden ? [] : suggestions();
    if (all.length && (e.key === "ArrowDown" || e.key === "ArrowUp")) {
      chosen = (chosen + (e.key === "ArrowDown" ? 1 : all.length - 1)) % all.length;
      drawSuggestions();
      e.preventDefault();
    } else if (all.length && (e.key === "Tab" || e.key === "Enter" && !e.shiftKey)) {
      take(all[chosen]);
      e.preventDefault();
    } else if (e.key === "Escape") {
      if (!list.hidden) list.hidden = true;
      else startReply(null);
    } else if (e.key === "Enter" && !e.shiftKey && !e.isComposing) {
      e.preventDefault();
      send();
    }
  };
  $("compose").onsubmit = e => { e.preventDefault(); send(); };
  $("replying").querySelector("button").onclick = () => startReply(null);
  $("fileInput").onchange = e => {
    attach(e.target.files);
    e.target.value = "";
    drawFiles();
  };
}
