// What the page knows, and how it asks for more.

export const state = {
  me: "", bot: null, role: null, server: "", online: false, scripted: false,
  members: [], channels: [], commands: [], switches: {},
  place: "",            // id of the open channel
  messages: new Map(),  // channel id → Map of messages by id, oldest first
  typing: new Map(),    // channel id → until when the bot types
  unread: new Set(),    // channel ids
  replyTo: null,        // a message
  opening: "",          // id of a thread that is being opened
  clicked: new Map(),   // "message id/custom id" → "busy" or "failed"
};

/** act sends what the member does and returns what it led to at once. */
export async function act(name, body) {
  const answer = await fetch("act/" + name, {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({as: state.me, ...body}),
  });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}

export const member = id => state.members.find(m => m.id === id);
export const me = () => member(state.me);

export function userName(id) {
  return id === state.bot?.id ? state.bot.username : member(id)?.name ?? "someone";
}

export const context = {
  user: userName,
  role: id => id === state.role?.id ? state.role.name : "some-role",
  channel: id => state.channels.find(c => c.id === id)?.name ?? "unknown",
};

/** put stores a message, new or changed. */
export function put(message) {
  if (!state.messages.has(message.channel_id)) state.messages.set(message.channel_id, new Map());
  state.messages.get(message.channel_id).set(message.id, message);
}

export const isEphemeral = message => (message.flags & 64) !== 0;

export function toast(text) {
  const node = document.getElementById("toast");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { node.hidden = true; }, 4000);
}
