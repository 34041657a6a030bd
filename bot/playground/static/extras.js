// What people send besides text: what the + beside the message box offers, and how it is shown.

import {el, render} from "./markdown.js";
import {item, openMenu, title} from "./menu.js";
import {act, context, state, toast} from "./state.js";

const $ = id => document.getElementById(id);

const stickers = {Wave: "👋", Party: "🎉", Facepalm: "🤦"};

async function say(what) {
  try {
    await act("say", {channel: state.place, ...what});
  } catch (err) { toast(err.message); }
}

export function setUpExtras() {
  $("attach").onclick = e => openMenu(e.currentTarget, item("Attach a file", () => $("fileInput").click()), item("Create a poll", () => $("poll").showModal()),
    item("Voice message of 5 seconds", () => say({voice: 5})), item("Alert of another bot", () => say({alert: true})),
    title("Stickers"), ...Object.entries(stickers).map(([name, picture]) => item(picture + " " + name, () => say({sticker: name}))));
  $("pollCancel").onclick = () => $("poll").close();
  $("poll").querySelector("form").onsubmit = () => {
    const answers = $("pollAnswers").value.split("\n").map(a => a.trim()).filter(Boolean);
    say({poll: {question: $("pollQuestion").value.trim(), answers}});
    $("pollQuestion").value = $("pollAnswers").value = "";
  };
}

/** extras returns what a message shows besides its text, files, boxes and buttons. */
export function extras(m) {
  return [m.poll && pollNode(m.poll), ...(m.sticker_items ?? []).map(stickerNode)].filter(Boolean);
}

function stickerNode(s) {
  return el("p", {class: "sticker"}, el("span", {"aria-hidden": "true"}, stickers[s.name] ?? "🖼"), el("span", {class: "subtext"}, "Sticker: " + s.name));
}

function pollNode(p) {
  const votes = a => p.results?.answer_counts.find(c => c.id === a.answer_id)?.count ?? 0;
  const all = p.answers.reduce((n, a) => n + votes(a), 0);
  return el("div", {class: "poll"}, el("p", {class: "title"}, p.question.text),
    el("p", {class: "subtext"}, p.allow_multiselect ? "Select one or more answers" : "Select one answer"),
    ...p.answers.map(a => el("p", {class: "answer"}, el("span", {}, (a.poll_media.emoji?.name ?? "") + " " + (a.poll_media.text ?? "")), el("span", {class: "subtext"}, String(votes(a))))),
    el("p", {class: "subtext"}, `${all} ${all === 1 ? "vote" : "votes"} · ` + (p.results?.is_finalized ? "poll closed" : "open until " + new Date(p.expiry).toLocaleString())));
}

/** voiceNode is a voice message. */
export function voiceNode(a) {
  return el("div", {class: "file voice"}, el("span", {"aria-hidden": "true"}, "▶ ▁▃▅▂▆▃▁▄▇▃▂▅▁"), el("span", {class: "subtext"}, `Voice message, ${Math.round(a.duration_secs)} s`));
}

/** forwarded shows a message that was forwarded; fill adds what else it holds. */
export function forwarded(snapshot, fill) {
  const node = el("div", {class: "forwarded"}, el("p", {class: "subtext"}, "↪ Forwarded"), ...(snapshot.message.content ? render(snapshot.message.content, context) : []));
  fill(node, snapshot.message);
  return node;
}

/** inShort says what a message without text is. */
export function inShort(m) {
  if (m.message_snapshots?.length) return "Forwarded message";
  if (m.poll) return "Poll: " + m.poll.question.text;
  if (m.sticker_items?.length) return "Sticker: " + m.sticker_items[0].name;
  if (m.attachments.length) return m.attachments[0].waveform ? "Voice message" : m.attachments[0].filename;
  return m.embeds[0]?.title || "Click to see the message";
}
