// The page: it follows the events of one member and draws what they see.

import {el} from "./markdown.js";
import {avatar, messageNode} from "./message.js";
import {act, me, member, put, state, toast} from "./state.js";
import {addEntry, drawArrived, drawSwitches, drawTimeline} from "./side.js";
import {setUpComposer, startReply} from "./compose.js";
import {openForm} from "./form.js";
import {item, openMenu, title} from "./menu.js";
import {setUpExtras} from "./extras.js";

const $ = id => document.getElementById(id);
const dismissed = new Set();
let source = null;

function follow(memberID) {
  source?.close();
  source = new EventSource("events" + (memberID ? "?as=" + encodeURIComponent(memberID) : ""));
  source.onmessage = e => handlers[(e = JSON.parse(e.data)).type]?.(e);
  source.onerror = () => { $("typing").textContent = "Waiting for the playground. Is it still running?"; };
}

const handlers = {
  snapshot(e) {
    const places = [...e.channels.map(c => c.id), e.members.find(m => m.id === e.me).dm];
    Object.assign(state, {me: e.me, bot: e.bot, server: e.server, online: e.online, scripted: e.scripted, members: e.members, role: e.role,
      channels: e.channels, commands: e.commands, switches: e.switches});
    state.messages.clear();
    for (const list of Object.values(e.messages)) list.forEach(put);
    if (!places.includes(state.place)) state.place = places[0];
    $("serverName").textContent = e.server;
    $("member").replaceChildren(...e.members.map(m => el("option", {value: m.id, selected: m.id === e.me}, m.name + (m.role === "reviewer" ? " (reviewer, manages the server)" : ""))));
    drawSwitches();
    drawTimeline(e.timeline);
    drawArrived();
    drawPlaces();
    drawMessages(true);
  },
  message: changed,
  edit: changed,
  delete(e) {
    state.messages.get(e.message.channel_id)?.delete(e.message.id);
    if (e.message.channel_id === state.place) drawMessages();
  },
  typing(e) {
    state.typing.set(e.channel, Date.now() + 10e3);
    drawTyping();
    setTimeout(drawTyping, 10e3);
  },
  online(e) { state.online = e.online; drawPlaces(); },
  commands(e) { state.commands = e.commands; },
  channels(e) {
    state.channels = e.channels;
    if (state.channels.some(c => c.id === state.opening)) { go(state.opening); state.opening = ""; }
    else drawPlaces();
  },
  switches(e) { state.switches = e.switches; drawSwitches(); },
  timeline(e) { addEntry(e.entry); },
};

function changed(e) {
  put(e.message);
  if (e.message.author.id === state.bot.id) state.typing.delete(e.message.channel_id);
  if (e.message.channel_id !== state.place) {
    if (e.type === "message") { state.unread.add(e.message.channel_id); drawPlaces(); }
    return;
  }
  const old = $("m" + e.message.id);
  if (old && e.type === "edit") {
    const end = atEnd(), focus = old.contains(document.activeElement) ? document.activeElement.dataset.customId : null;
    old.replaceWith(messageNode(e.message, before(e.message), actions));
    if (focus) document.querySelector(`#m${e.message.id} [data-custom-id="${focus}"]`)?.focus();
    if (end) toEnd();
  } else drawMessages();
  drawTyping();
}

const actions = {
  reply: startReply,
  dismiss(m) { dismissed.add(m.id); drawMessages(); },
  menu: messageMenu,
};

function shown() {
  return [...(state.messages.get(state.place)?.values() ?? [])].filter(m => !dismissed.has(m.id));
}

function before(m) {
  const list = shown();
  return list[list.findIndex(o => o.id === m.id) - 1];
}

const log = $("messages");
const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 80;
const toEnd = () => { log.scrollTop = log.scrollHeight; };

function drawMessages(force) {
  const end = force || atEnd();
  const list = shown();
  const direct = state.place === me().dm;
  const thread = !direct && channel().parent;
  const title = direct ? state.bot.username : (thread ? "" : "#") + channel().name;
  const hello = el("li", {class: "welcome"}, el("p", {class: "h1"}, direct ? "This is your conversation with " + title : thread ? "Thread: " + title : "Welcome to " + title + "!"),
    el("p", {}, direct ? "Write anything: in here every message is for the bot." : "Mention the bot with a question, such as ", direct ? null : example()),
    state.scripted ? el("p", {class: "subtext"}, "No OPENAI_API_KEY is set, so the answers come from a script on this machine. It knows sums, code, lists and a few more things.") : null);
  log.replaceChildren(hello, ...list.map((m, i) => messageNode(m, list[i - 1], actions)));
  if (end) toEnd();
}

function example() {
  const text = `@${state.bot.username} What is 17 + 25?`;
  const button = el("button", {type: "button", class: "link"}, text);
  button.onclick = () => { $("box").value = text; $("box").dispatchEvent(new Event("input")); $("box").focus(); };
  return button;
}

const channel = () => state.channels.find(c => c.id === state.place);

function drawPlaces() {
  const direct = state.place === me().dm;
  const places = direct ? [{id: me().dm, name: state.bot.username, dm: true}] : state.channels;
  $("channels").replaceChildren(...places.map(c => {
    const button = el("button", {type: "button", class: "place" + (c.parent ? " thread" : "") + (c.id === state.place ? " current" : "") + (state.unread.has(c.id) ? " unread" : ""),
      "aria-current": c.id === state.place ? "page" : null}, c.dm ? avatar(state.bot) : el("span", {class: "hash", "aria-hidden": "true"}, c.parent ? "↳" : "#"), el("span", {class: "name"}, c.name),
      c.dm ? el("span", {class: "presence" + (state.online ? " on" : "")}, state.online ? "online" : "offline") : null);
    button.onclick = () => go(c.id);
    return el("li", {}, button);
  }));
  $("serverName").textContent = direct ? "Direct messages" : state.server;
  $("dmButton").classList.toggle("current", direct);
  $("serverButton").classList.toggle("current", !direct);
  $("dmButton").classList.toggle("unread", state.unread.has(me().dm));
  $("channelName").textContent = direct ? state.bot.username : channel().name;
  $("channelName").className = direct ? "direct" : channel().parent ? "thread" : "";
  $("topic").textContent = direct ? "" : channel().topic;
  $("box").placeholder = "Message " + (direct ? "@" + state.bot.username : (channel().parent ? "" : "#") + channel().name);
}

function drawTyping() {
  const on = (state.typing.get(state.place) ?? 0) > Date.now();
  $("typing").textContent = on ? `${state.bot.username} is typing…` : state.online ? "" : `${state.bot.username} is offline`;
}

function go(place) {
  state.place = place;
  state.unread.delete(place);
  document.body.classList.remove("places");
  startReply(null);
  drawPlaces();
  drawMessages(true);
  drawTyping();
  $("box").focus();
}

function messageMenu(m, at) {
  const apps = state.commands.filter(c => c.type === 3);
  openMenu(at, item("Reply", () => startReply(m)), m.poll ? null : item("Forward", () => forwardMenu(m, at)), item("Copy text", () => navigator.clipboard?.writeText(m.content)),
    state.place === me().dm || channel().parent ? null : item("Create thread", () => openThread(m)),
    title("Apps"), ...apps.map(c => item(c.name, async () => {
      try {
        const answer = await act("menu", {message: m.id, name: c.name});
        if (answer.failed) toast("This interaction failed");
        if (answer.modal) openForm(answer.form, answer.modal);
      } catch (err) { toast(err.message); }
    })), apps.length ? null : el("p", {class: "subtext"}, "The bot offers nothing here"));
}

/** forwardMenu asks where a message shall be forwarded. */
function forwardMenu(m, at) {
  const to = (id, name) => item(name, async () => {
    try {
      await act("say", {channel: id, forward: m.id});
      go(id);
    } catch (err) { toast(err.message); }
  });
  openMenu(at, title("Forward to"), to(me().dm, "@" + state.bot.username), ...state.channels.map(c => to(c.id, (c.parent ? "↳ " : "#") + c.name)));
}

async function openThread(m) {
  try {
    if (!state.channels.some(c => c.id === m.id)) await act("thread", {message: m.id});
    if (!state.channels.some(c => c.id === m.id)) state.opening = m.id;
    else go(m.id);
  } catch (err) { toast(err.message); }
}

document.addEventListener("redraw", e => {
  const m = state.messages.get(state.place)?.get(e.detail), node = $("m" + e.detail);
  if (!m || !node) return;
  const focus = document.activeElement?.dataset?.customId;
  const fresh = messageNode(m, before(m), actions);
  node.replaceWith(fresh);
  if (focus) fresh.querySelector(`[data-custom-id="${focus}"]`)?.focus();
});
$("member").onchange = e => { if (state.place === me().dm) state.place = member(e.target.value).dm; startReply(null); state.clicked.clear(); follow(e.target.value); };
$("dmButton").onclick = () => go(me().dm);
$("serverButton").onclick = () => go(state.channels[0].id);
$("menuButton").onclick = () => { const open = document.body.classList.toggle("places"); $("menuButton").setAttribute("aria-expanded", open); };
$("sideButton").onclick = () => { 
  const narrow = innerWidth <= 1000, on = document.body.classList.toggle(narrow ? "side" : "noside");
  $("sideButton").setAttribute("aria-expanded", narrow ? on : !on);
};
let shownHeight = 0, wasAtEnd = true;
log.onscroll = () => { if (log.clientHeight === shownHeight) wasAtEnd = atEnd(); };
new ResizeObserver(() => { shownHeight = log.clientHeight; if (wasAtEnd) toEnd(); }).observe(log);
setUpComposer();
setUpExtras();
follow("");
