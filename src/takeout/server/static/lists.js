// What does not come along, and what is mounted from elsewhere.

import { count, size } from "./words.js";

const SHOWN = 50;

function list(title, { count: all, first }, line, open) {
  const details = Object.assign(document.createElement("details"), { open });
  details.append(Object.assign(document.createElement("summary"), { textContent: title }));
  const items = document.createElement("ul");
  for (const each of first.slice(0, SHOWN)) items.append(Object.assign(document.createElement("li"), { textContent: line(each) }));
  if (all > SHOWN) items.append(Object.assign(document.createElement("li"), { textContent: `… and ${count(all - SHOWN, "more", "more")}; TAKEOUT.txt in the archive names every one.` }));
  details.append(items);
  return details;
}

export function listMissing(section, lists, now) {
  const made = [];
  if (now.not_taken.count) {
    made.push(list(`${count(now.not_taken.count, "entry", "entries")} cannot be taken`, now.not_taken, (each) => `${each.path}: ${each.reason}`, true));
  }
  if (now.left_out.count) {
    made.push(list(`${count(now.left_out.count, "part")} left out`, now.left_out, (each) => `${each.path} (${count(each.files, "file")}, ${size(each.bytes)}): ${each.rule}`, false));
  }
  lists.replaceChildren(...made);
  section.hidden = !made.length;
}

export function listMounts(box, mounts, excludes, toggle) {
  box.replaceChildren();
  box.className = mounts.length ? "notice" : "";
  for (const { path, exclude } of mounts) {
    const line = document.createElement("p");
    const out = excludes.has(exclude);
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: out ? "Take it along" : "Leave it out" });
    button.setAttribute("aria-label", `${button.textContent}: ${path}`);
    button.addEventListener("click", () => toggle(exclude, path));
    line.append(`${path} is mounted from elsewhere; others may use it too. `, button);
    box.append(line);
  }
}
