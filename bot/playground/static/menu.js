// The menu that opens at a message or a button; there is one at a time.

import {el} from "./markdown.js";

const menu = document.getElementById("menu");

/** item is a line of a menu that does something. */
export function item(label, run) {
  const b = el("button", {type: "button", role: "menuitem"}, label);
  b.onclick = () => { closeMenu(); run(); };
  return b;
}

/** title is a line of a menu that names the lines below it. */
export const title = label => el("p", {class: "title"}, label);

/** openMenu shows lines at an element or a pointer; null is no line. */
export function openMenu(at, ...lines) {
  menu.replaceChildren(...lines.filter(Boolean));
  const box = at.isConnected ? at.getBoundingClientRect() : {left: at.clientX ?? 8, bottom: at.clientY ?? 8, top: at.clientY ?? 8};
  menu.hidden = false;
  const below = box.bottom + menu.offsetHeight + 8 <= innerHeight;
  menu.style.left = Math.max(8, Math.min(box.left, innerWidth - menu.offsetWidth - 8)) + "px";
  menu.style.top = Math.max(8, below ? box.bottom : Math.min(box.top, innerHeight - 8) - menu.offsetHeight) + "px";
  menu.querySelector("button")?.focus();
}

export function closeMenu() { menu.hidden = true; }

menu.onkeydown = e => {
  const items = [...menu.querySelectorAll("button")], i = items.indexOf(document.activeElement);
  if (e.key === "Escape") { closeMenu(); document.getElementById("box").focus(); }
  if (e.key === "ArrowDown") items[(i + 1) % items.length].focus();
  if (e.key === "ArrowUp") items.at(i - 1).focus();
};
document.addEventListener("pointerdown", e => { if (!menu.contains(e.target)) closeMenu(); });
