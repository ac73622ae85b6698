// The parts of a home, as a picture and as a table; both leave out and take back.

import { draw, partsOf } from "./treemap.js";
import { count, size } from "./words.js";

export class Parts {
  constructor({ svg, caption, body, toggle }) {
    Object.assign(this, { svg, caption, body, toggle });
    this.open = new Set();
  }

  // `base` is the whole home, `now` what is left of it; `excludes` has the patterns that were chosen here.
  show(base, now, excludes) {
    Object.assign(this, { base, excludes });
    this.left = new Map(now.left_out.first.map((each) => [each.path, each.rule]));
    const was = new Set(base.left_out.first.map((each) => each.path));
    this.rules = new Map([...this.left].filter(([path]) => !was.has(path)));
    this.paint();
    this.fill();
  }

  above(node, test) {
    const names = node.path.split("/");
    return names.some((_, at) => test(names.slice(0, at + 1).join("/")));
  }

  isOut(node) {
    const chosen = new Set(this.excludes.values());
    return this.above(node, (path) => chosen.has(path) || this.isSlim(path));
  }

  // What the preset leaves out cannot be taken back one by one.
  isSlim(path) {
    return this.rules.get(path)?.startsWith("slim") ?? false;
  }

  locked(node) {
    const chosen = new Set(this.excludes.values());
    return this.above(node, (path) => this.isSlim(path) || (path !== node.path && chosen.has(path)));
  }

  change(node) {
    if (!this.locked(node)) this.toggle(node.exclude, node.path);
  }

  paint() {
    draw(this.svg, this.base.tree, {
      isOut: (node) => this.isOut(node),
      toggle: (node) => this.change(node),
      hover: (node) => { this.caption.textContent = `${node.rest ? `${count(node.files, "small file")} in ${node.path || "the home itself"}` : node.path}: ${size(node.bytes)}, ${count(node.files, "file")}`; },
    });
  }

  fill() {
    const focused = document.activeElement?.dataset.key;
    this.body.replaceChildren();
    this.rows(this.base.tree, 0);
    if (focused) this.body.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  rows(node, depth) {
    for (const part of partsOf(node)) {
      this.body.append(this.row(part, depth));
      if (part.children && this.open.has(part.path)) this.rows(part, depth + 1);
    }
  }

  row(part, depth) {
    const row = document.createElement("tr");
    const out = this.isOut(part);
    row.classList.toggle("out", out);
    const cell = (name, text, kind) => {
      const made = document.createElement(name);
      made.textContent = text;
      if (kind) made.className = kind;
      row.append(made);
      return made;
    };
    const take = cell("td", "");
    const title = part.rest ? `${count(part.files, "small file")} and folders` : part.name + (part.directory ? "/" : "");
    if (!part.rest) take.append(this.box(part, out, title));
    const name = cell("th", "");
    name.scope = "row";
    const indent = Object.assign(document.createElement("span"), { className: "indent" });
    indent.style.width = `${depth * 1.2 + (part.children ? 0 : 1.6)}rem`;
    name.append(indent);
    if (part.children) name.append(this.twist(part, title));
    name.append(title);
    cell("td", size(part.bytes), "number");
    cell("td", part.files.toLocaleString("en"), "number");
    return row;
  }

  box(part, out, title) {
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: !out, disabled: this.locked(part) });
    box.dataset.key = `take ${part.path}`;
    box.setAttribute("aria-label", `Take ${title} along`);
    box.addEventListener("change", () => this.change(part));
    return box;
  }

  twist(part, title) {
    const opened = this.open.has(part.path);
    const button = Object.assign(document.createElement("button"), { type: "button", className: "twist", textContent: opened ? "▾" : "▸" });
    button.dataset.key = `open ${part.path}`;
    button.setAttribute("aria-expanded", String(opened));
    button.setAttribute("aria-label", `What is in ${title}`);
    button.addEventListener("click", () => {
      if (!this.open.delete(part.path)) this.open.add(part.path);
      this.fill();
    });
    return button;
  }
}
