// A squarified treemap: areas are sizes, and rectangles as near to squares as can be.
// Source of the method: M. Bruls, K. Huizing, J. J. van Wijk, "Squarified Treemaps", 2000.

import { count, size } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 960;
const HEIGHT = 420;
const TITLE = 18;
const DEEPEST = 4;

function worst(row, side) {
  const total = row.reduce((sum, each) => sum + each.area, 0);
  const areas = row.map((each) => each.area);
  return Math.max((side ** 2 * Math.max(...areas)) / total ** 2, total ** 2 / (side ** 2 * Math.min(...areas)));
}

// Place items, largest first, in a rectangle; returns [item, rectangle] pairs.
export function squarify(items, box) {
  const whole = items.reduce((sum, item) => sum + item.bytes, 0);
  if (!whole || box.w <= 0 || box.h <= 0) return [];
  const scale = (box.w * box.h) / whole;
  const waiting = items.filter((item) => item.bytes > 0).sort((a, b) => b.bytes - a.bytes)
    .map((item) => ({ item, area: item.bytes * scale }));
  const placed = [];
  let { x, y, w, h } = box;
  while (waiting.length) {
    const side = Math.min(w, h);
    const row = [waiting.shift()];
    while (waiting.length && worst([...row, waiting[0]], side) <= worst(row, side)) row.push(waiting.shift());
    const thick = side > 0 ? row.reduce((sum, each) => sum + each.area, 0) / side : 0;
    let along = 0;
    for (const each of row) {
      const length = thick > 0 ? each.area / thick : 0;
      placed.push([each.item, w >= h ? { x, y: y + along, w: thick, h: length } : { x: x + along, y, w: length, h: thick }]);
      along += length;
    }
    if (w >= h) { x += thick; w -= thick; } else { y += thick; h -= thick; }
  }
  return placed;
}

// The children of a node, and one nameless part for what is too small to be among them.
export function partsOf(node) {
  const parts = [...(node.children ?? [])];
  const rest = node.bytes - parts.reduce((sum, part) => sum + part.bytes, 0);
  const files = node.files - parts.reduce((sum, part) => sum + part.files, 0);
  if (parts.length && (rest > 0 || files > 0)) parts.push({ name: "", path: node.path, bytes: Math.max(rest, 0), files, rest: true });
  return parts;
}

function element(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.append(made);
  return made;
}

function label(node, box, parent) {
  if (box.w < 34 || box.h < 15) return;
  const room = Math.floor((box.w - 8) / 6.6);
  const name = node.rest ? count(node.files, "small file") : node.name;
  const text = `${name} · ${size(node.bytes)}`;
  const shown = text.length <= room ? text : name.length <= room ? name : `${name.slice(0, Math.max(1, room - 1))}…`;
  element("text", { x: box.x + 4, y: box.y + 13 }, parent).textContent = shown;
}

// Draw a tree. `isOut` says whether a node is left out; `toggle` and `hover` are told of clicks and of the pointer.
export function draw(svg, root, { isOut, toggle, hover }) {
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  const place = (node, box, depth, colour) => {
    for (const [part, inner] of squarify(partsOf(node), box)) {
      const tint = depth === 0 ? colour.next++ % 8 : colour.own;
      const group = element("g", {}, svg);
      const kind = part.rest ? `c${tint} rest` : isOut(part) ? "out" : `c${tint}`;
      element("rect", { x: inner.x, y: inner.y, width: Math.max(inner.w, 0), height: Math.max(inner.h, 0), class: kind }, group);
      label(part, inner, group);
      group.addEventListener("pointerenter", () => hover(part));
      if (!part.rest) group.addEventListener("click", () => toggle(part));
      const below = { x: inner.x + 3, y: inner.y + TITLE, w: inner.w - 6, h: inner.h - TITLE - 3 };
      if (part.children && depth < DEEPEST && below.w > 24 && below.h > 18 && !isOut(part)) place(part, below, depth + 1, { own: tint });
    }
  };
  place(root, { x: 0, y: 0, w: WIDTH, h: HEIGHT }, 0, { next: 0, own: 0 });
}
