// Decisions about a return's slots: shown at once, sent by the outbox, and put right where the server says otherwise.

import { same, slotUrl, told, worthText } from "./card.js";
import { Outbox } from "./outbox.js";

export class Decisions {
  /**
   * `me` decides; `notices` tell of what failed. Of the page: `slot(key, path)` gives a slot of the return on show,
   * `changed(slot)` is told that it is worth something else, `taken(item, answer)` that the server has a decision,
   * `goTo(key, path)` shows one.
   */
  constructor(texts, me, notices, { slot, changed, taken, goTo }) {
    Object.assign(this, { texts, me, notices, slot, changed, taken, goTo });
    this.outbox = new Outbox((item, result) => this.#answered(item, result), (count) => this.#waiting(count));
  }

  decide(slot, entry) {
    const previous = { state: slot.state, value: slot.value, open: slot.open, who: slot.who };
    const body = { state: entry.state, value: entry.value, seen: slot.version, mode: "return" };
    const item = { url: slotUrl(slot), body, slot: `${slot.key} ${slot.path}`, key: slot.key, path: slot.path, number: slot.number || slot.before, previous };
    Object.assign(slot, entry, { open: false, who: this.me, pending: true, failed: "", news: "" });
    this.outbox.push(item);
  }

  /** Put what has not been sent yet on top of a return that the server has just told of. */
  restore(key) {
    this.outbox.of(key).forEach((item) => {
      const slot = this.slot(key, item.path);
      if (slot) Object.assign(slot, { ...item.body, version: slot.version, open: false, who: this.me, pending: true });
    });
  }

  /** How a return stands on the server; null while something of ours is on the way there. */
  async standing(key) {
    if (document.hidden || this.outbox.items.length) return null;
    const answer = await fetch(`/returns/${key}/state`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.status === 401) window.kuohao.toLogin();
    return answer?.ok ? answer.json() : null;
  }

  /** A slot as it stands on the server `now`; gives what somebody else has made of it. It stays while one is `typing` into it. */
  meet(slot, now, typing) {
    if (!now || now.version === slot.version || slot.pending || this.outbox.items.length) return "";
    const foreign = now.who && now.who !== this.me && !same(now, slot);
    const value = worthText(this.texts, now.state, now.value, slot.kind);
    const news = foreign ? told(this.texts, "others", { who: now.who, value }) : "";
    if (!typing) {
      Object.assign(slot, now, { failed: "", news });
      this.changed(slot);
    }
    return news;
  }

  /** An answer from the server, perhaps about a return that was left behind. */
  #answered(item, result) {
    const slot = this.slot(item.key, item.path);
    if (result.ok) this.#taken(item, slot, result.data);
    else if (result.status === 409 && result.data.conflict) this.#conflict(item, slot, result.data.conflict);
    else this.#failure(item, slot, result.data.message);
  }

  #taken(item, slot, answer) {
    if (slot && !this.outbox.of(item.key).some((other) => other.path === item.path)) {
      Object.assign(slot, { state: answer.state, value: answer.value, version: answer.version, pending: false, failed: "" });
      this.changed(slot, { typed: true });
    }
    this.taken(item, answer);
  }

  #failure(item, slot, message) {
    if (slot) {
      Object.assign(slot, item.previous, { pending: false, failed: message, draft: { state: item.body.state, value: item.body.value } });
      this.changed(slot, { typed: true });
    }
    this.notices.tell(told(this.texts, "failed", { number: item.number, message }), [[this.texts.goto, "", () => this.goTo(item.key, item.path)]]);
  }

  /** Somebody else has decided meanwhile: theirs stands, until the reviewer says otherwise. */
  #conflict(item, slot, theirs) {
    const { texts } = this;
    const mine = { state: item.body.state, value: item.body.value };
    const worth = ({ state, value }) => worthText(texts, state, value, slot?.kind);
    const words = told(texts, "conflict", { number: item.number, who: theirs.who, when: theirs.when, theirs: worth(theirs), mine: worth(mine) });
    this.outbox.versions.set(item.slot, theirs.version);
    if (slot) {
      Object.assign(slot, { state: theirs.state, value: theirs.value, who: theirs.who, version: theirs.version, open: false, pending: false });
      this.changed(slot);
    }
    const put = () => {
      if (slot) Object.assign(slot, mine, { who: this.me, pending: true });
      this.outbox.push({ ...item, body: { ...item.body, seen: theirs.version } });
      if (slot) this.changed(slot, { typed: true });
    };
    this.notices.tell(words, [[texts.keep, "K", () => {}], [texts.mine, "M", put]], "conflict");
  }

  #waiting(count) {
    this.notices.clear("offline");
    if (count) this.notices.tell(told(this.texts, "offline", { count }), [], "offline");
    else window.kuohao.toast(this.texts.saved);
  }
}
