// What to type: for the same download, and after it.

import { afterwards, shellWord } from "./words.js";

const byId = (id) => document.getElementById(id);

function copyable(text) {
  const row = Object.assign(document.createElement("div"), { className: "command" });
  const pre = Object.assign(document.createElement("pre"), { textContent: text, tabIndex: 0 });
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Copy" });
  button.addEventListener("click", () => copy(button, text));
  row.append(pre, button);
  return row;
}

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select it by hand";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

for (const button of document.querySelectorAll("[data-copies]")) {
  button.addEventListener("click", () => copy(button, byId(button.dataset.copies).textContent));
}

function system() {
  const platform = `${navigator.userAgentData?.platform ?? navigator.platform}`.toLowerCase();
  if (platform.includes("win")) return "windows";
  return platform.includes("mac") ? "macos" : "linux";
}

function showAfterwards(file) {
  const opened = new Map([...byId("systems").children].map((each) => [each.dataset.system, each.open]));
  byId("systems").replaceChildren(...Object.entries(afterwards(file)).map(([key, [title, steps]]) => {
    const details = Object.assign(document.createElement("details"), { open: opened.get(key) ?? key === system() });
    details.dataset.system = key;
    details.append(Object.assign(document.createElement("summary"), { textContent: title }));
    for (const [text, command] of steps) {
      details.append(Object.assign(document.createElement("p"), { textContent: text }), copyable(command));
    }
    return details;
  }));
}

function pack({ state, file }) {
  const words = ["takeout", "home", "pack", shellWord(state.now.directory), "-o", shellWord(file), "--format", state.format];
  if (state.preset !== "full") words.push("--preset", state.preset);
  for (const pattern of state.excludes.keys()) words.push("--exclude", shellWord(decode(pattern)));
  return words.join(" ");
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function showCommands({ address, file, resumable, state, hub }) {
  const resume = resumable ? "-C - " : "";
  byId("curl").textContent = `curl --fail --location --retry 99 ${resume}-H "Authorization: token $TOKEN" -o ${shellWord(file)} ${shellWord(address)}`;
  const token = byId("token");
  token.replaceChildren();
  if (hub.token) {
    token.append("TOKEN is one that you make on ", Object.assign(document.createElement("a"), { href: hub.token, textContent: "the hub's page of tokens" }), ".");
  } else {
    token.append("TOKEN is this server's: it stands in the address that the server printed when it started, and jupyter server list prints it again.");
  }
  byId("pack").textContent = pack({ state, file });
  showAfterwards(file);
}
