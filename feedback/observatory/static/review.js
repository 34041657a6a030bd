// Everything works without this script. With it drafts are kept while one types,
// and the keyboard does what the buttons do.

document.getElementById("at-once")?.requestSubmit();
document.getElementById("back")?.querySelector("a, button")?.blur();

const form = document.getElementById("review");
if (form) {
  const rest = 2000; // ms after the last key until a draft is sent
  const $ = id => document.getElementById(id);
  const revision = form.elements.revision;
  let kept = content(), timer = 0, sending = null, leaving = false;

  /** content is what is worth keeping. */
  function content() {
    const data = new URLSearchParams(new FormData(form));
    data.delete("revision");
    data.delete("queue");
    return data.toString();
  }

  function say(text, problem) {
    $("saved").textContent = text;
    $("saved").classList.toggle("problem", Boolean(problem));
  }

  /** keep sends a draft, one at a time, when something has changed, and returns
   *  whether the server has everything, or has something newer. */
  async function keep() {
    clearTimeout(timer);
    while (sending) await sending;
    if (content() === kept || leaving) return true;
    sending = send(content(), new URLSearchParams(new FormData(form)));
    try { return await sending; } finally { sending = null; }
  }

  async function send(what, data) {
    say("Saving…");
    try {
      const answer = await fetch(form.dataset.draft, {method: "POST", body: data, keepalive: data.toString().length < 60000});
      if (answer.status === 401 || answer.status === 403) {
        say("You are out. Come in again with /review, in another tab; then save here.", true);
        return false;
      }
      const got = await answer.json();
      if (!answer.ok) {
        say(got.problem, true);
        if (answer.status === 503) later();
        return answer.status === 409;
      }
      revision.value = got.revision;
      kept = what;
      $("diff").innerHTML = got.diff; // made by the server, every text in it escaped
      $("diff").hidden = !got.diff;
      say(content() === what ? "Your draft is kept." : "Typing…");
      return true;
    } catch {
      say("Not saved: the page cannot be reached. It is tried again.", true);
      later();
      return false;
    }
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(keep, rest);
  }

  form.addEventListener("input", () => { say("Typing…"); later(); });
  form.addEventListener("focusout", e => { if (e.target.matches("textarea")) keep(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) keep(); });
  addEventListener("beforeunload", e => { if (!leaving && content() !== kept) e.preventDefault(); });
  addEventListener("pageshow", e => { if (e.persisted) location.reload(); });

  // The page is left only when the server has what was typed, so that an error page
  // in its place takes nothing along.
  form.addEventListener("submit", async e => {
    const button = e.submitter;
    if (button?.value === "copy") {
      e.preventDefault();
      correct();
      return;
    }
    if (leaving) return;
    e.preventDefault();
    if (!await keep() || leaving) return;
    leaving = true;
    form.requestSubmit(button);
  });

  /** correct starts the expected answer from the answer, unless something is there. */
  function correct() {
    const field = form.elements.expected;
    if (!field.value && $("correct")) {
      field.value = $("correct").dataset.answer;
      form.dispatchEvent(new Event("input"));
    }
    field.focus();
  }

  const press = value => form.querySelector(`button[name=action][value=${value}]`)?.click();
  const choose = value => {
    const input = form.querySelector(`input[name=rating][value=${value}]`);
    if (input) { input.click(); input.focus(); }
  };
  const keys = {
    "+": () => choose("thumbs-5"), "-": () => choose("thumbs-1"),
    r: () => form.querySelector("input[name=reason]")?.focus(),
    e: () => form.elements.explanation.focus(),
    c: correct,
    s: () => press("skip"),
    u: () => (form.querySelector("button[value=undo]") ?? document.querySelector("#back button"))?.click(),
    i: () => { location.href = "/review"; },
    "/": () => { location.href = "/review/search"; },
    "?": () => { $("keys").open = !$("keys").open; $("keys").querySelector("summary").focus(); },
  };
  for (const n of [1, 2, 3, 4, 5]) keys[n] = () => choose("stars-" + n);

  const letters = $("letters");
  letters.checked = localStorage.getItem("review-letters") !== "off";
  letters.addEventListener("change", () => localStorage.setItem("review-letters", letters.checked ? "on" : "off"));

  document.addEventListener("keydown", e => {
    if (e.isComposing || e.keyCode === 229 || e.repeat || e.altKey) return;
    const typing = e.target.matches?.("textarea, input[type=text], select");
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) {
      e.preventDefault();
      press("next");
    } else if (e.ctrlKey || e.metaKey) {
      return;
    } else if (e.key === "Escape") {
      if (typing) e.target.blur();
      else $("keys").open = false;
    } else if (!typing && letters.checked && keys[e.key]) {
      e.preventDefault();
      keys[e.key]();
    }
  });
}
