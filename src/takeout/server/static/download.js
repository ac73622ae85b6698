// The link that the browser itself follows, and how far the server is with it.

import { events } from "./stream.js";
import { count, duration, size } from "./words.js";

const WINDOW = 10000;
const AGAIN = 2000;

function name() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Download {
  constructor({ link, box, bar, words }) {
    Object.assign(this, { link, box, bar, words });
    this.seen = [];
    // The address is made at the moment of the click: the cookie that it must agree with may be newer than the page.
    for (const kind of ["click", "auxclick", "contextmenu"]) link.addEventListener(kind, (event) => this.prepare(event));
  }

  offer(address, length, missing) {
    Object.assign(this, { address, length, missing });
    this.link.href = address();
  }

  ready(yes) {
    this.link.setAttribute("aria-disabled", String(!yes));
  }

  prepare(event) {
    if (this.link.getAttribute("aria-disabled") === "true") {
      event.preventDefault();
      return;
    }
    const transfer = name();
    this.link.href = `${this.address()}&transfer=${transfer}`;
    if (event.type !== "contextmenu") this.follow(transfer);
  }

  async follow(transfer) {
    this.current = transfer;
    this.seen = [];
    this.box.hidden = false;
    this.bar.removeAttribute("value");
    this.words.textContent = "Waiting for the browser to begin …";
    while (this.current === transfer) {
      try {
        for await (const [, now] of events(`transfer/${transfer}`)) {
          if (this.current !== transfer) return;
          this.show(now);
          if (now.state === "done" || now.state === "refused") return;
        }
      } catch (error) {
        this.words.textContent = `${error.message} ${error.hint ?? ""}`;
      }
      await new Promise((resolve) => { setTimeout(resolve, AGAIN); });
    }
  }

  speed(at) {
    const now = performance.now();
    this.seen = [...this.seen.filter((each) => now - each.now < WINDOW && each.at <= at), { now, at }];
    const [first] = this.seen;
    return now > first.now ? ((at - first.at) / (now - first.now)) * 1000 : 0;
  }

  show({ state, entries, at, length, message }) {
    if (length) this.bar.value = at / length;
    const part = length ? `${size(at)} of ${size(length)} (${Math.floor((100 * at) / length)} %)` : size(at);
    if (state === "looking") this.words.textContent = `Looking at what is there now: ${count(entries, "entry", "entries")} …`;
    if (state === "sending") {
      const speed = this.speed(at);
      const left = length && speed ? `, ${duration((length - at) / speed)} left` : "";
      this.words.textContent = `Sent ${part}${speed ? `, ${size(Math.round(speed))}/s${left}` : ""}.`;
    }
    if (state === "cut") {
      this.seen = [];
      this.words.textContent = length
        ? `Stopped at ${part}. Resume it in your browser's list of downloads: what has arrived is not sent again. ${message}`
        : `Stopped at ${part}. Begin it anew. ${message}`;
    }
    if (state === "refused") this.words.textContent = `Not begun: ${message}.`;
    if (state === "done") {
      this.bar.value = 1;
      const missing = this.missing ? ` ${count(this.missing, "entry", "entries")} of the home could not be taken; they are named above.` : "";
      this.words.textContent = `All ${size(at)} of the file are sent.${missing} Check and unpack it as it says below, and read its TAKEOUT.txt.`;
    }
  }
}
