// The page: what is there, what is wanted of it, and how far the download is.

import { Download } from "./download.js";
import { showCommands } from "./commands.js";
import { listMissing, listMounts } from "./lists.js";
import { Parts } from "./parts.js";
import { Trouble, cookie, events, json } from "./stream.js";
import { FORMATS, PRESETS, count, duration, size } from "./words.js";

const byId = (id) => document.getElementById(id);
const SLOW_LINE = 100e6 / 8;
const WAIT = 350;

// The path in the page's own address, with every byte as it was encoded there.
function pathAsked() {
  const found = location.search.slice(1).split("&").find((each) => each.startsWith("path="));
  if (!found) return null;
  return found.slice(5).replace(/%2F/gi, "/").replaceAll("+", "%20").replaceAll("?", "%3F").replace(/^\/+|\/+$/g, "");
}

const state = { path: "", preset: "full", format: "zip", excludes: new Map(), base: null, now: null, status: null };
let asking = null;
let timer = 0;

function query({ excludes = state.excludes } = {}) {
  const parts = [`format=${state.format}`, `preset=${state.preset}`];
  for (const pattern of excludes.keys()) parts.push(`exclude=${pattern}`);
  return parts.join("&");
}

function archive(extra = "") {
  return `archive/${state.path}?${query()}${extra}`;
}

function trouble(error) {
  const box = byId("trouble");
  box.hidden = !error;
  box.replaceChildren();
  if (!error) return;
  for (const text of [error.message, error.hint]) {
    if (!text) continue;
    const line = document.createElement("p");
    line.textContent = `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
    box.append(line);
  }
  byId("looking").textContent = "";
}

async function look() {
  asking?.abort();
  const asked = (asking = new AbortController());
  const first = !state.base;
  if (!first) byId("result").textContent = "Counting anew …";
  download.ready(false);
  try {
    for await (const [name, data] of events(`inventory/${state.path}?${query()}`, asked.signal)) {
      if (asked.signal.aborted) return;
      if (name === "failed") throw new Trouble(data.message, data.hint);
      if (name === "progress" && first) byId("looking").textContent = `Looking at what is there: ${count(data.entries, "entry", "entries")} so far …`;
      if (name === "inventory") {
        state.now = data;
        state.base ??= data;
        trouble(null);
        show(first);
        return;
      }
    }
    throw new Trouble("The server stopped in the middle of looking.", "Reload this page to try again.");
  } catch (error) {
    if (error.name !== "AbortError") trouble(error instanceof Trouble ? error : new Trouble(String(error)));
  }
}

function lookSoon() {
  clearTimeout(timer);
  download.ready(false);
  timer = setTimeout(look, WAIT);
}

function radios(id, name, options, chosen, change) {
  const group = byId(id);
  for (const { value, title, text } of options) {
    const input = Object.assign(document.createElement("input"), { type: "radio", name, value, checked: value === chosen });
    input.addEventListener("change", () => change(value));
    const words = document.createElement("span");
    words.append(title);
    const more = document.createElement("span");
    more.textContent = text;
    words.append(more);
    const label = document.createElement("label");
    label.append(input, words);
    group.append(label);
  }
}

function choices() {
  const saved = Object.entries(state.base.slim).filter(([, each]) => each.files);
  const bytes = saved.reduce((sum, [, each]) => sum + each.bytes, 0);
  const slim = saved.length ? `Leaves out ${saved.map(([name]) => name).join(", ")}: ${size(bytes)} less.` : "There is nothing here that this would leave out.";
  const presets = state.status.presets.map((value) => ({ value, title: PRESETS[value]?.[0] ?? value, text: value === "slim" ? slim : PRESETS[value]?.[1] ?? "" }));
  radios("presets", "preset", presets, state.preset, (value) => { state.preset = value; lookSoon(); });
  const formats = state.status.formats.map((value) => ({ value, title: FORMATS[value]?.[0] ?? value, text: FORMATS[value]?.[1] ?? "" }));
  radios("formats", "format", formats, state.format, (value) => { state.format = value; result(); });
}

function offer() {
  return state.now.formats[state.format];
}

function fileName() {
  return `${state.now.name.replace(/[<>:"/\\|?*%]/g, "_") || "home"}${offer().suffix}`;
}

function result() {
  const { files, bytes } = state.now.totals;
  const { length, tag } = offer();
  const what = `${fileName()}: ${count(files, "file")}, ${size(bytes)}. `;
  byId("result").textContent = what + (length === undefined
    ? "How long the compressed file becomes is known when it is made."
    : `The file has exactly ${count(length, "byte")} (${size(length)}): about ${duration(length / SLOW_LINE)} at 100 Mbit/s.`);
  byId("pause").textContent = length === undefined
    ? "If the connection breaks, this format begins anew. Choose zip to be able to go on."
    : "Pause and resume it in your browser's list of downloads, also after the connection broke. Nothing is sent twice.";
  download.offer(() => archive(`&tag=${tag}&_xsrf=${encodeURIComponent(cookie("_xsrf"))}`), length, state.now.not_taken.count);
  download.ready(true);
  const words = { address: new URL(archive(length === undefined ? "" : `&tag=${tag}`), location.href).href, file: fileName() };
  showCommands({ ...words, resumable: length !== undefined, state, hub: state.status.hub });
}

function show(first) {
  document.title = `Download ${state.now.name}`;
  byId("name").textContent = state.now.path || state.now.name;
  const { files, directories, symlinks, bytes } = state.base.totals;
  byId("looking").textContent = `${size(bytes)} in ${count(files, "file")}, ${count(directories, "directory", "directories")} and ${count(symlinks, "link")}.`;
  byId("found").hidden = false;
  if (first) choices();
  parts.show(state.base, state.now, state.excludes);
  listMounts(byId("mounts"), state.base.mounts, state.excludes, toggle);
  listMissing(byId("missing-section"), byId("missing-lists"), state.now);
  result();
}

function toggle(pattern, path) {
  if (!state.excludes.delete(pattern)) state.excludes.set(pattern, path);
  parts.show(state.base, state.now, state.excludes);
  listMounts(byId("mounts"), state.base.mounts, state.excludes, toggle);
  lookSoon();
}

const parts = new Parts({ svg: byId("map"), caption: byId("hover"), body: byId("parts").tBodies[0], toggle });
const download = new Download({ link: byId("download"), box: byId("transfer"), bar: byId("bar"), words: byId("progress") });

// A token in the address would stay in the browser's history; the cookie that it was changed for does the rest.
function forgetToken() {
  const kept = location.search.slice(1).split("&").filter((each) => !each.startsWith("token="));
  history.replaceState(null, "", location.pathname + (kept.join("&") ? `?${kept.join("&")}` : ""));
}

async function begin() {
  forgetToken();
  try {
    state.status = await json("status");
    state.path = pathAsked() ?? state.status.start;
    if (!state.status.formats.includes(state.format)) [state.format] = state.status.formats;
    if (!state.status.presets.includes(state.preset)) [state.preset] = state.status.presets;
  } catch (error) {
    trouble(error);
    return;
  }
  await look();
}

begin();
