// Files dropped anywhere on a page, or chosen, go to the inbox one by one, each with its progress and what became of it.

const dialog = document.getElementById("upload");

if (dialog) {
  const list = dialog.querySelector("[data-list]");
  const foot = dialog.querySelector("[data-foot]");
  const drop = dialog.querySelector("[data-drop]");
  const pick = dialog.querySelector("[data-pick]");
  const veil = document.querySelector("[data-dropping]");
  const rows = [];
  const waiting = [];
  let busy = false;

  const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

  // dragenter and dragleave come for every element that is crossed: the veil goes when the last was left.
  let depth = 0;
  document.addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth += 1;
    veil.hidden = dialog.open;
    drop.classList.toggle("over", dialog.open);
  });
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  document.addEventListener("dragleave", (event) => {
    if (!holdsFiles(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) calm();
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    // Otherwise the browser would open the file in place of the page.
    event.preventDefault();
    depth = 0;
    calm();
    take([...event.dataTransfer.files]);
  });
  pick.addEventListener("change", () => {
    take([...pick.files]);
    pick.value = "";
  });
  window.addEventListener("beforeunload", (event) => {
    if (busy) event.preventDefault();
  });

  function calm() {
    veil.hidden = true;
    drop.classList.remove("over");
  }

  function take(files) {
    if (!files.length) return;
    if (!dialog.open) {
      if (!busy) clear();
      dialog.showModal();
    }
    for (const file of files) {
      const row = makeRow(file);
      rows.push(row);
      waiting.push(row);
    }
    sum();
    if (!busy) work();
  }

  function clear() {
    rows.length = 0;
    list.replaceChildren();
    foot.hidden = true;
  }

  async function work() {
    busy = true;
    while (waiting.length) await send(waiting.shift());
    busy = false;
    sum();
    document.dispatchEvent(new CustomEvent("kuohao:uploaded", { detail: { taken: count("taken") } }));
  }

  function makeRow(file) {
    const element = document.getElementById("upload-row").content.firstElementChild.cloneNode(true);
    element.querySelector(".upload-name").textContent = file.name;
    element.querySelector(".upload-name").title = file.name;
    list.append(element);
    const row = { file, element, state: "" };
    show(row, "waiting");
    return row;
  }

  function show(row, state, told = "") {
    row.state = state;
    row.element.className = `upload-row ${state}`;
    const tag = row.element.querySelector(".upload-state");
    tag.textContent = window.kuohao.text(state);
    tag.className = `upload-state tag ${{ taken: "ok", refused: "flag", sending: "accent", checking: "accent" }[state] ?? ""}`;
    row.element.querySelector(".upload-told").textContent = told;
    row.element.querySelector(".upload-progress").hidden = !["sending", "checking"].includes(state);
  }

  async function send(row) {
    row.element.scrollIntoView({ block: "nearest" });
    if (row.file.size > Number(dialog.dataset.limit)) return show(row, "refused", window.kuohao.text("too_large"));
    try {
      // A folder looks like a file until it is read.
      await row.file.slice(0, 1).arrayBuffer();
    } catch {
      return show(row, "refused", window.kuohao.text("folder"));
    }
    if (row.file.size === 0) return show(row, "refused", window.kuohao.text("empty"));
    show(row, "sending");
    const { status, data } = await transfer(row);
    const one = data.files?.[0];
    if (status === 401) return window.kuohao.toLogin();
    if (one?.taken) show(row, "taken", one.saved === row.file.name ? "" : one.saved);
    else show(row, "refused", one?.reason || data.message || window.kuohao.text(status ? "failed" : "away"));
    sum();
  }

  /** XMLHttpRequest, for fetch does not tell how much has been sent. */
  function transfer(row) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      const progress = row.element.querySelector(".upload-progress");
      const body = new FormData();
      body.append("files", row.file, row.file.name);
      request.open("POST", dialog.dataset.upload);
      request.responseType = "json";
      request.setRequestHeader("X-CSRF-Token", window.kuohao.csrf());
      request.setRequestHeader("Accept", "application/json");
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) progress.value = event.loaded / event.total;
      });
      request.upload.addEventListener("load", () => show(row, "checking"));
      request.addEventListener("loadend", () => resolve({ status: request.status, data: request.response ?? {} }));
      request.send(body);
    });
  }

  const count = (state) => rows.filter((row) => row.state === state).length;

  function sum() {
    foot.hidden = rows.length === 0;
    const values = { all: rows.length, taken: count("taken"), refused: count("refused") };
    dialog.querySelector("[data-summary]").textContent = window.kuohao.text("summary", values);
  }
}
