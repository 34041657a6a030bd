// Discord's markdown, as DOM nodes: nothing is ever parsed as HTML.

const inline = [
  [/^\\([^\p{L}\p{N}\s])/u, m => text(m[1])],
  [/^``([^]+?)``|^`([^`]+)`/, m => el("code", {}, m[1] ?? m[2])],
  [/^\*\*\*(?=\S)([^]+?)\*\*\*/, (m, x) => el("strong", {}, el("em", {}, ...parse(m[1], x)))],
  [/^\*\*(?=\S)([^]+?)\*\*(?!\*)/, (m, x) => el("strong", {}, ...parse(m[1], x))],
  [/^__(?=\S)([^]+?)__(?!_)/, (m, x) => el("u", {}, ...parse(m[1], x))],
  [/^~~(?=\S)([^]+?)~~/, (m, x) => el("s", {}, ...parse(m[1], x))],
  [/^\*(?=[^\s*])([^*]+?)\*(?!\*)/, (m, x) => el("em", {}, ...parse(m[1], x))],
  [/^_(?=[^\s_])([^_]+?)_(?![\p{L}\p{N}_])/u, (m, x) => el("em", {}, ...parse(m[1], x))],
  [/^\|\|([^]+?)\|\|/, (m, x) => spoiler(parse(m[1], x))],
  [/^<@!?(\d+)>/, (m, x) => el("span", {class: "mention"}, "@" + x.user(m[1]))],
  [/^<@&(\d+)>/, (m, x) => el("span", {class: "mention"}, "@" + x.role(m[1]))],
  [/^<(\/[^:<>\n]+):\d+>/, m => el("span", {class: "mention"}, m[1])],
  [/^<#(\d+)>/, (m, x) => el("span", {class: "mention"}, "#" + x.channel(m[1]))],
  [/^<a?:(\w+):\d+>/, m => el("span", {class: "custom-emoji", title: ":" + m[1] + ":"}, ":" + m[1] + ":")],
  [/^<t:(-?\d+)(?::\w)?>/, m => el("time", {}, new Date(m[1] * 1000).toLocaleString())],
  [/^\[([^\]\n]+)\]\(<?(https?:\/\/[^\s)>]+)>?\)/, (m, x) => link(m[2], parse(m[1], x))],
  [/^<(https?:\/\/[^\s>]+)>/, m => link(m[1], [text(m[1])])],
  [/^https?:\/\/[^\s<]+[^\s<.,:;"')\]]/, m => link(m[0], [text(m[0])])],
  [/^@(everyone|here)\b/, m => el("span", {class: "mention"}, m[0])],
];

/** render returns the nodes of a message's text. */
export function render(source, context) {
  const out = [];
  const lines = source.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    const fence = line.match(/^(.*?)```([\w+#-]*)$/);
    if (fence || /```/.test(line)) {
      const whole = lines.slice(i).join("\n");
      const block = whole.match(/^([^]*?)```(?:([\w+#.-]*)\n)?([^]*?)\n?```/);
      if (block && !block[1].includes("\n")) {
        if (block[1]) out.push(paragraph(block[1], context));
        out.push(el("pre", {}, el("code", {"data-language": block[2] || ""}, block[3])));
        const rest = whole.slice(block[0].length).replace(/^\n/, "");
        return rest ? [...out, ...render(rest, context)] : out;
      }
      if (fence && !block) { // still streaming: the end of the block is to come
        if (fence[1]) out.push(paragraph(fence[1], context));
        out.push(el("pre", {}, el("code", {"data-language": fence[2]}, lines.slice(i + 1).join("\n"))));
        return out;
      }
    }
    const heading = line.match(/^(#{1,3}) (.+)/);
    const quote = line.match(/^> (.*)/);
    const item = line.match(/^(\s*)(?:[-*]|(\d+)\.) (.+)/);
    if (heading) out.push(el("p", {class: "h" + heading[1].length, role: "heading", "aria-level": String(heading[1].length + 2)}, ...parse(heading[2], context)));
    else if (line.startsWith("-# ")) out.push(el("p", {class: "subtext"}, ...parse(line.slice(3), context)));
    else if (line.startsWith(">>> ")) {
      out.push(el("blockquote", {}, ...render([line.slice(4), ...lines.slice(i + 1)].join("\n"), context)));
      return out;
    } else if (quote) {
      const body = [quote[1]];
      while (/^> /.test(lines[i + 1] ?? "")) body.push(lines[++i].slice(2));
      out.push(el("blockquote", {}, ...render(body.join("\n"), context)));
    } else if (item) {
      const list = el(item[2] ? "ol" : "ul", item[2] ? {start: item[2]} : {});
      for (; ; i++) {
        const next = lines[i]?.match(/^(\s*)(?:[-*]|(\d+)\.) (.+)/);
        if (!next || Boolean(next[2]) !== Boolean(item[2])) break;
        list.append(el("li", {class: next[1].length > 1 ? "deep" : ""}, ...parse(next[3], context)));
      }
      i--;
      out.push(list);
    } else out.push(paragraph(line, context));
  }
  return out;
}

function paragraph(line, context) {
  return el("p", {class: line.trim() ? "" : "empty"}, ...parse(line, context));
}

function parse(source, context) {
  const out = [];
  let plain = "";
  for (let rest = source; rest;) {
    const found = inline.map(([pattern, make]) => [rest.match(pattern), make]).find(([m]) => m);
    if (found) {
      if (plain) out.push(text(plain));
      plain = "";
      out.push(found[1](found[0], context));
      rest = rest.slice(found[0][0].length);
      continue;
    }
    const step = rest.match(/^(?:[\p{L}\p{N}]+(?![:/])|[^])/u)[0];
    plain += step;
    rest = rest.slice(step.length);
  }
  if (plain) out.push(text(plain));
  return out;
}

function spoiler(children) {
  const node = el("button", {class: "spoiler", type: "button", "aria-label": "Spoiler: show"}, el("span", {}, ...children));
  node.onclick = () => { node.classList.add("shown"); node.removeAttribute("aria-label"); };
  return node;
}

function link(href, children) {
  return el("a", {href, target: "_blank", rel: "noreferrer noopener"}, ...children);
}

const text = s => document.createTextNode(s);

/** el makes an element with attributes and children. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.filter(c => c != null));
  return node;
}
