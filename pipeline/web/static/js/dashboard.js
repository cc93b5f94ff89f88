// The dashboard's pages work without this: lists that are chosen at once, and downloads that say that they are being made.

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});


// A table of thousands of units takes a minute: the link says so until the file is there.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-working]");
  if (!link) return;
  const told = link.textContent;
  link.textContent = link.dataset.working;
  link.setAttribute("aria-disabled", "true");
  const again = () => {
    link.textContent = told;
    link.removeAttribute("aria-disabled");
  };
  fetch(link.href, { credentials: "same-origin" })
    .then(async (answer) => {
      if (!answer.ok) throw new Error(answer.statusText);
      const name = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("Content-Disposition"));
      const file = document.createElement("a");
      file.href = URL.createObjectURL(await answer.blob());
      file.download = decodeURIComponent(name ? name[1] : "");
      file.click();
      URL.revokeObjectURL(file.href);
    })
    .catch(() => window.kuohao.toast(window.kuohao.text("failed"), "bad"))
    .finally(again);
  event.preventDefault();
});

// Finding a form in a scan takes seconds: the button says so, and is not pressed twice.
document.addEventListener("submit", (event) => {
  const told = event.target.dataset.busy;
  if (!told || event.defaultPrevented) return;
  const button = event.submitter;
  // What is disabled sends neither name nor value: it is after the form has gone.
  setTimeout(() => {
    if (!button) return;
    button.textContent = told;
    button.disabled = true;
  });
});
