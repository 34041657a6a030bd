// A message as Discord shows it.

import {el, render} from "./markdown.js";
import {act, context, isEphemeral, state, toast, userName} from "./state.js";
import {openForm} from "./form.js";
import {extras, forwarded, inShort, voiceNode} from "./extras.js";

const colours = ["#5865f2", "#3ba55c", "#d97706", "#c43d86", "#2b8ca8"];

export function avatar(user) {
  const n = state.members.findIndex(m => m.id === user.id) + 1;
  const node = el("span", {class: "avatar", "aria-hidden": "true"}, user.bot ? "★" : user.username.slice(0, 1));
  node.style.background = colours[n % colours.length];
  return node;
}

const clock = new Intl.DateTimeFormat(undefined, {hour: "numeric", minute: "2-digit"});

/** messageNode returns the list item for a message; previous decides whether the author is named again. */
export function messageNode(m, previous, actions) {
  const at = new Date(m.timestamp);
  const grouped = previous && previous.author.id === m.author.id && !m.message_reference && !m.interaction_metadata
    && !isEphemeral(m) && !isEphemeral(previous) && at - new Date(previous.timestamp) < 7 * 60e3;
  const node = el("li", {id: "m" + m.id, class: ["message", grouped && "grouped", isEphemeral(m) && "ephemeral",
    m.mentions.some(u => u.id === state.me) && "pinged"].filter(Boolean).join(" ")});
  if (m.referenced_message) node.append(replyLine(m.referenced_message));
  else if (m.interaction_metadata?.name) node.append(el("p", {class: "reply"},
    el("b", {}, userName(m.interaction_metadata.user.id)), " used ", el("span", {class: "mention"}, "/" + m.interaction_metadata.name)));
  if (!grouped) {
    node.append(avatar(m.author), el("p", {class: "head"}, el("b", {class: m.author.bot ? "bot" : ""}, m.author.username),
      m.author.bot ? el("span", {class: "tag"}, "APP") : null, el("time", {datetime: m.timestamp}, clock.format(at))));
  }
  const loading = (m.flags & 128) !== 0;
  node.append(el("div", {class: "text"}, ...(loading ? [el("p", {class: "thinking"}, userName(state.bot.id) + " is thinking…")] : m.content ? render(m.content, context) : []),
    m.edited_timestamp && !m.components.length ? el("span", {class: "edited"}, "(edited)") : null));
  hold(node, m);
  for (const s of m.message_snapshots ?? []) node.append(forwarded(s, hold));
  for (const row of m.components) node.append(componentRow(m, row));
  if (isEphemeral(m)) {
    const dismiss = el("button", {class: "link", type: "button"}, "Dismiss message");
    dismiss.onclick = () => actions.dismiss(m);
    node.append(el("p", {class: "only"}, "Only you can see this · ", dismiss));
  } else {
    const reply = el("button", {type: "button", class: "icon", "aria-label": "Reply to " + m.author.username, title: "Reply"}, "↩\ufe0e");
    const more = el("button", {type: "button", class: "icon", "aria-label": "More", title: "More", "aria-haspopup": "menu"}, "⋯");
    reply.onclick = () => actions.reply(m);
    more.onclick = e => actions.menu(m, e.currentTarget);
    node.oncontextmenu = e => { e.preventDefault(); actions.menu(m, e); };
    node.append(el("div", {class: "tools"}, reply, more));
  }
  return node;
}

/** hold adds the files, boxes, polls and stickers of a message. */
function hold(node, m) {
  node.append(...extras(m), ...m.attachments.map(a => a.waveform ? voiceNode(a) : fileNode(a)), ...m.embeds.map(embedNode));
}

function replyLine(m) {
  const line = el("p", {class: "reply"}, el("b", {}, m.author.username), " ",
    el("span", {class: "quote"}, m.content.replace(/<@!?(\d+)>/g, (_, id) => "@" + userName(id)).split("\n")[0].slice(0, 120) || inShort(m)));
  line.onclick = () => document.getElementById("m" + m.id)?.scrollIntoView({block: "center"});
  return line;
}

function fileNode(a) {
  const {pathname, search} = new URL(a.url);
  const address = pathname.slice(1) + search; // this page passes it on
  if (/^image\/(png|jpeg|gif|webp)$/.test(a.content_type ?? "")) return el("a", {href: address, target: "_blank"}, el("img", {class: "picture", src: address, alt: a.filename}));
  return el("div", {class: "file"}, el("a", {class: "link", href: address, download: a.filename}, a.filename), " ", size(a.size));
}

function embedNode(e) {
  const node = el("div", {class: "embed"});
  if (e.color != null) node.style.borderLeftColor = "#" + e.color.toString(16).padStart(6, "0");
  if (e.author) node.append(el("p", {class: "subtext"}, e.author.name));
  if (e.title) node.append(el("p", {class: "title"}, e.title));
  if (e.description) node.append(...render(e.description, context));
  for (const f of e.fields ?? []) node.append(el("p", {class: "title"}, f.name), ...render(f.value, context));
  if (e.footer) node.append(el("p", {class: "subtext"}, e.footer.text));
  return node;
}

const styles = {1: "blurple", 2: "grey", 3: "green", 4: "red", 5: "grey"};

function componentRow(m, row) {
  if (row.type !== 1) return el("div", {}, ...render(row.content ?? "", context));
  const node = el("div", {class: "row", role: "group", "aria-label": "Buttons"});
  for (const c of row.components ?? []) {
    if (c.type === 3) { node.append(selectNode(m, c)); continue; }
    const key = m.id + "/" + c.custom_id, how = state.clicked.get(key);
    const label = [c.emoji ? el("span", {"aria-hidden": c.label ? "true" : null}, c.emoji.name) : null, c.label ? el("span", {}, c.label) : null];
    const button = el("button", {type: "button", class: "component " + styles[c.style] + (how === "busy" ? " busy" : ""), disabled: Boolean(c.disabled),
      "data-custom-id": c.custom_id, "aria-busy": how === "busy" ? "true" : null}, ...label);
    button.onclick = () => press(m, c, key);
    node.append(button);
  }
  if ((row.components ?? []).some(c => state.clicked.get(m.id + "/" + c.custom_id) === "failed"))
    return el("div", {}, node, el("p", {class: "failed", role: "alert"}, "This interaction failed"));
  return node;
}

function selectNode(m, c) {
  const node = el("select", {class: "choice", disabled: Boolean(c.disabled), "data-custom-id": c.custom_id, "aria-label": c.placeholder ?? "Choose"},
    el("option", {value: "", disabled: true, selected: true}, c.placeholder ?? "Make a selection"), ...c.options.map(o => el("option", {value: o.value, selected: Boolean(o.default)}, o.label)));
  node.onchange = () => press(m, c, m.id + "/" + c.custom_id, [node.value]);
  return node;
}

async function press(m, c, key, chosen) {
  if (c.url) { window.open(c.url, "_blank", "noopener"); return; }
  if (state.clicked.get(key) === "busy") return;
  for (const k of state.clicked.keys()) if (k.startsWith(m.id + "/")) state.clicked.delete(k);
  state.clicked.set(key, "busy");
  redraw(m);
  try {
    const answer = await act("click", {message: m.id, customId: c.custom_id, chosen});
    if (answer.failed) state.clicked.set(key, "failed");
    else state.clicked.delete(key);
    if (answer.modal) openForm(answer.form, answer.modal);
  } catch (err) {
    state.clicked.delete(key);
    toast(err.message);
  }
  redraw(m);
}

const redraw = m => document.dispatchEvent(new CustomEvent("redraw", {detail: m.id}));

function size(bytes) {
  return bytes < 1024 ? bytes + " bytes" : bytes < 1 << 20 ? (bytes / 1024).toFixed(1) + " KB" : (bytes / (1 << 20)).toFixed(1) + " MB";
}
