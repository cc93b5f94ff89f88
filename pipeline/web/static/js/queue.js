// The list of returns by keys: up and down, Enter opens, / searches.

const rows = () => [...document.querySelectorAll("#rows tr[data-href]")];
const search = document.getElementById("search");
let at = -1;

const said = sessionStorage.getItem("kuohao.said");
if (said) {
  sessionStorage.removeItem("kuohao.said");
  addEventListener("load", () => window.kuohao.toast(said));
}

function take(place) {
  const all = rows();
  if (!all.length) return;
  at = Math.min(Math.max(place, 0), all.length - 1);
  all.forEach((row, number) => row.classList.toggle("in-hand", number === at));
  all[at].scrollIntoView({ block: "nearest" });
  all[at].querySelector("a").focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const typing = event.target.matches?.("input, select, textarea");
  const key = event.key;
  if (key === "ArrowDown" || (key === "j" && !typing)) take(at + 1);
  else if (key === "ArrowUp" || (key === "k" && !typing)) {
    if (at <= 0) search.focus();
    else take(at - 1);
  } else if (key === "/" && !typing) search.select();
  else if (key === "Escape" && event.target === search) take(Math.max(at, 0));
  else if (key === "Enter" && event.target === search) location.assign(rows()[Math.max(at, 0)]?.dataset.href ?? location.href);
  else return;
  event.preventDefault();
});
document.addEventListener("click", (event) => {
  const row = event.target.closest("#rows tr[data-href]");
  if (row && !event.target.closest("a") && !getSelection().toString()) location.assign(row.dataset.href);
});
// A new list begins at its top.
document.addEventListener("htmx:afterSwap", () => { at = -1; });
if (!location.search) take(0);
