// Ask this server, with the rights of whoever looks at the page.

export const HERE = new URL("./", location.href);

export function cookie(name) {
  const found = document.cookie.split("; ").find((each) => each.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

export class Trouble extends Error {
  constructor(message, hint = "") {
    super(message);
    this.hint = hint;
  }
}

async function ask(address, options) {
  let response;
  try {
    response = await fetch(new URL(address, HERE), {
      ...options, credentials: "same-origin", headers: { "X-XSRFToken": cookie("_xsrf"), Accept: "text/event-stream, application/json" },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Trouble("The server does not answer.", "Is it still running? Reload this page to try again.");
  }
  const type = response.headers.get("Content-Type") ?? "";
  if (response.ok && !response.redirected && !type.includes("html")) return response;
  if (type.includes("json")) {
    const said = await response.json();
    throw new Trouble(said.message, said.hint);
  }
  throw new Trouble("You are not logged in any more.", "Reload this page to log in again.");
}

export async function json(address) {
  return (await ask(address, {})).json();
}

// Yield [name, data] for each event of a stream.
export async function* events(address, signal) {
  const response = await ask(address, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(part) ?? [];
      if (name) yield [name, JSON.parse(data)];
    }
  }
}
