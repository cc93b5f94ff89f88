// Decisions on their way to the server: sent one after the other, kept in this tab until the server has them.
// A network that is away, a server that starts anew: they wait, are sent again, and nobody waits for them.

const KEPT = "kuohao.outbox";
const PAUSES = [500, 1000, 2000, 4000];
// The server is away, or cannot write just now: the same will work later.
const LATER = new Set([0, 502, 503, 504, 507]);

export class Outbox {
  /** `answered(item, result)` is told of each answer, `waiting(count)` of how many wait for a server that is away; 0: none. */
  constructor(answered, waiting = () => {}) {
    this.answered = answered;
    this.waiting = waiting;
    this.items = JSON.parse(sessionStorage.getItem(KEPT) || "[]");
    // What each slot's version has become by our own decisions, for those that were made before the answer came.
    this.versions = new Map();
    this.running = false;
    this.idle = Promise.resolve();
    window.addEventListener("online", () => this.wake?.());
    window.addEventListener("beforeunload", (event) => {
      if (this.items.length) event.preventDefault();
    });
  }

  /** Take a decision: {url, body, slot, key, path, told}. `slot` names what it is about. */
  push(item) {
    this.items.push(item);
    this.#keep();
    this.run();
  }

  /** What is still to be sent about this return's slots. */
  of(key) {
    return this.items.filter((item) => item.key === key);
  }

  run() {
    if (this.running || !this.items.length) return this.idle;
    this.running = true;
    this.idle = this.#send().finally(() => { this.running = false; });
    return this.idle;
  }

  async #send() {
    let failures = 0;
    while (this.items.length) {
      const item = this.items[0];
      const result = await this.#post(item);
      if (result.status === 401) return;
      if (LATER.has(result.status)) {
        this.waiting(this.items.length);
        await this.#pause(PAUSES[Math.min(failures++, PAUSES.length - 1)]);
        continue;
      }
      if (failures) this.waiting(0);
      failures = 0;
      this.items.shift();
      this.#keep();
      if (result.ok && result.data.version !== undefined) this.versions.set(item.slot, result.data.version);
      this.answered(item, result);
    }
  }

  async #post(item) {
    const body = this.versions.has(item.slot) ? { ...item.body, seen: this.versions.get(item.slot) } : item.body;
    const result = await window.kuohao.post(item.url, body);
    if (result.status !== 403) return result;
    // The visit is another one by now: take its token from a fresh page, once.
    const fresh = await fetch(location.href, { credentials: "same-origin" }).then((answer) => answer.text()).catch(() => "");
    const token = new DOMParser().parseFromString(fresh, "text/html").querySelector('meta[name="csrf"]')?.content;
    if (!token) return result;
    document.querySelector('meta[name="csrf"]').content = token;
    return window.kuohao.post(item.url, body);
  }

  #pause(milliseconds) {
    return new Promise((resolve) => {
      this.wake = resolve;
      setTimeout(resolve, milliseconds);
    });
  }

  #keep() {
    sessionStorage.setItem(KEPT, JSON.stringify(this.items));
  }
}
