// What every page can do: ask the server, tell the person, open dialogs. Other scripts find it as window.kuohao.

import "./upload.js";

const texts = JSON.parse(document.body.dataset.texts || "{}");
const csrf = () => document.querySelector('meta[name="csrf"]').content;

/** A text of the page's `data-texts`, its {places} filled in. */
function text(key, values = {}) {
  return Object.entries(values).reduce((told, [name, value]) => told.replaceAll(`{${name}}`, value), texts[key] ?? key);
}

/** Say something for some seconds, without taking the keys. */
function toast(message, kind = "") {
  const told = document.createElement("p");
  told.className = `toast ${kind}`;
  told.textContent = message;
  document.getElementById("toasts").append(told);
  setTimeout(() => told.remove(), 4000);
}

/** Send JSON; {ok, status, data}, status 0 where the server was not reached. Data of an error has a `message`. */
async function post(url, data = {}) {
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept": "application/json", "X-CSRF-Token": csrf() },
      body: JSON.stringify(data),
      credentials: "same-origin",
    });
    if (answer.status === 401) toLogin();
    const told = await answer.json().catch(() => ({}));
    return { ok: answer.ok, status: answer.status, data: told };
  } catch {
    return { ok: false, status: 0, data: { message: text("away") } };
  }
}

/** The session has ended: sign in again, then come back here. */
function toLogin() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

window.kuohao = { post, text, toast, csrf, toLogin };

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = csrf();
});
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) return toLogin();
  let message = text("failed");
  try {
    message = JSON.parse(event.detail.xhr.responseText).message || message;
  } catch { /* a page, not JSON: the usual words do */ }
  toast(message, "bad");
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) open(document.getElementById(opener.dataset.open), opener.dataset.fillName);
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(document.getElementById(copier.dataset.copy));
  // A menu closes when something else is clicked.
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});
document.addEventListener("submit", (event) => {
  const asked = event.target.dataset.confirm;
  if (asked && !window.confirm(asked)) event.preventDefault();
  // The language switch comes back to the very view that it was used on.
  const here = event.target.querySelector("[data-here]");
  if (here) here.value = location.pathname + location.search;
});

/** Show a dialog, about somebody where a name is given. */
function open(dialog, name) {
  const field = dialog?.querySelector("[data-name]");
  if (field && name !== undefined) field.value = name;
  dialog?.showModal();
}

async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    toast(text("copied"));
  } catch {
    // No clipboard without HTTPS: marked, so that Ctrl+C takes it.
    window.getSelection().selectAllChildren(source);
  }
}
