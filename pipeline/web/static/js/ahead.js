// Returns' pages fetched before anybody asks for them: the next one is there, with its pictures, when this one is done.

// A page fetched beforehand is shown if it is no older; the poll brings what has changed since.
const FRESH = 120_000;

/** The address of a return's page, with its key. */
export const PATH = /^\/returns\/(\d+-\d+)$/;

export class Ahead {
  constructor() {
    this.held = new Map();
  }

  /** A return's page, `anew` or as it was fetched beforehand; null where there is none. */
  async page(key, anew) {
    const held = this.held.get(key);
    const text = !anew && held && Date.now() - held.at < FRESH ? await held.text : await download(key);
    return text ? new DOMParser().parseFromString(text, "text/html") : null;
  }

  /** Fetch a return's page, then the pictures that are looked at first. */
  async fetch(key) {
    if (!key || this.held.has(key)) return;
    const text = download(key);
    this.held.set(key, { at: Date.now(), text });
    const page = await text;
    if (!page) return void this.held.delete(key);
    const next = JSON.parse(new DOMParser().parseFromString(page, "text/html").getElementById("model").dataset.model);
    const pictures = [...next.pages.map((each) => each.original), ...next.slots.filter((slot) => slot.open && slot.crop).map((slot) => slot.crop)];
    // One after the other: a browser has six connections to a server, and decisions must not wait for pictures.
    for (const url of pictures) await seen(url);
  }

  /** Something was decided about a return: its page is another by now. */
  forget(key) {
    this.held.delete(key);
  }

  forgetAll() {
    this.held.clear();
  }
}

function download(key) {
  return fetch(`/returns/${key}`, { credentials: "same-origin", headers: { Accept: "text/html" } })
    .then((answer) => (answer.ok && PATH.test(new URL(answer.url).pathname) ? answer.text() : null)).catch(() => null);
}

function seen(url) {
  return new Promise((resolve) => {
    const image = new Image();
    image.onload = resolve;
    image.onerror = resolve;
    image.src = url;
  });
}
