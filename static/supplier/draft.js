// A form survives a weak signal: what is typed stays on this device until the server has it, and is sent under one key,
// so that a second press records nothing twice. The form works without.
const PREFIX = "bangfu-draft:";

/** This device's store; null where the browser refuses one. */
const store = (() => {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
})();

const mark = document.querySelector("[data-draft]");
const form = mark?.closest("form");
const SECRET = new Set(["csrf_token"]);

const read = (name) => {
  try {
    return JSON.parse(store?.getItem(name) ?? "null");
  } catch {
    return null;
  }
};

const keep = (sent) => {
  const values = {};
  for (const [name, value] of new FormData(form)) {
    if (!SECRET.has(name) && typeof value === "string") values[name] = value;
  }
  if (!sent) delete values._key;
  try {
    store?.setItem(PREFIX + mark.dataset.draft, JSON.stringify({ for: mark.dataset.draftFor, sent, values }));
  } catch {
    // a full store keeps nothing; the form is as it is
  }
};

const tell = (words) => {
  const note = document.querySelector("[data-draft-note]");
  note.textContent = words;
  note.hidden = false;
};

// The server has it: the page after a recorded slip says so.
const done = document.querySelector("[data-draft-done]");
if (done) store?.removeItem(PREFIX + done.dataset.draftDone);

if (form && store) {
  const draft = read(PREFIX + mark.dataset.draft);
  const refused = document.querySelector(".bf-summary") !== null; // the server's own answer is newer than the draft
  if (draft && draft.for === mark.dataset.draftFor && !refused) {
    for (const [name, value] of Object.entries(draft.values)) {
      const control = form.elements.namedItem(name);
      if (control && "value" in control) control.value = value;
    }
    tell(mark.dataset.draftKept);
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }
  let sent = Boolean(draft?.sent && draft.for === mark.dataset.draftFor && !refused);
  form.addEventListener("input", () => keep(sent));
  let sure = false;
  form.addEventListener("submit", async (event) => {
    sent = true;
    keep(sent); // with its key: pressed again, even after the page was lost, it is the same slip
    if (navigator.onLine || sure) return;
    event.preventDefault();
    const button = event.submitter;
    try {
      await fetch(window.location.href, { method: "HEAD", cache: "no-store" }); // a browser may think itself offline
      sure = true;
      form.requestSubmit(button);
    } catch {
      tell(mark.dataset.draftOffline);
    }
  });
}
