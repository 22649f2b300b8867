// What is typed at the door survives a weak signal. It is kept on this device at once and sent to the server in small
// posts; one whose answer was lost is sent again under the same key, so that it counts once. The server's version tells
// two devices apart. Photographs are made small and wait in memory for the signal. The form works without.
import { addCrate } from "./acceptance.js";

const PREFIX = "bangfu-acceptance:";
const QUIET = 700; // milliseconds without typing before a post
const AGAIN = 3000; // until the next try without a signal
const LONGEST = 1600; // pixels of a photograph's longer side
const NOT_KEPT = new Set(["csrf_token", "_key", "version"]);

const store = (() => {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
})();

const form = document.getElementById("acceptance");
const done = document.querySelector("[data-draft-done]");
if (done) store?.removeItem(PREFIX + done.dataset.draftDone);
if (form) start();

function start() {
  const words = form.dataset;
  const place = PREFIX + words.draftOf;
  const note = form.querySelector("[data-draft-note]");
  const clash = document.querySelector("[data-draft-clash]");
  const version = form.elements.namedItem("version");
  const headers = () => ({ Accept: "application/json" });
  const secret = () => form.elements.namedItem("csrf_token").value;
  let pending = null; // what has been sent and not been answered: {key, version, values}
  let dirty = false;
  let sending = false;
  let stopped = false;
  let timer = 0;

  const values = () => {
    const found = {};
    for (const [name, value] of new FormData(form)) if (!NOT_KEPT.has(name) && typeof value === "string") found[name] = value;
    return found;
  };
  const keep = () => {
    try {
      if (pending || dirty) store?.setItem(place, JSON.stringify({ version: version.value, pending, values: values() }));
      else store?.removeItem(place);
    } catch {
      // a full store keeps nothing; the posts still go out
    }
  };
  const tell = (text) => { note.textContent = text; };
  const now = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  const later = (wait) => { clearTimeout(timer); timer = setTimeout(send, wait); };

  /** Fills the form with what was kept; rows of the scale that the page lacks are added. */
  const fill = (held) => {
    for (const control of form.elements) if (control.type === "checkbox" || control.type === "radio") control.checked = held[control.name] === control.value;
    for (const [name, value] of Object.entries(held)) {
      const [listed, number, field] = name.split(".");
      if (listed === "scales" && field === "gross" && !form.elements.namedItem(name)) {
        const card = form.querySelector(`[data-line="${CSS.escape(held[`scales.${number}.shipment_line_id`] ?? "")}"]`);
        if (card) addCrate(card, Number(number));
      }
    }
    for (const [name, value] of Object.entries(held)) {
      const control = form.elements.namedItem(name);
      if (control && "value" in control && !(control instanceof RadioNodeList) && control.type !== "checkbox" && control.type !== "radio") control.value = value;
    }
    form.dispatchEvent(new Event("input", { bubbles: true }));
  };

  async function send() {
    if (sending || stopped || (!pending && !dirty)) return;
    if (!pending) {
      pending = { key: crypto.randomUUID(), version: version.value, values: values() };
      dirty = false;
      keep();
    }
    sending = true;
    tell(words.draftSaving);
    try {
      const body = new URLSearchParams({ ...pending.values, version: pending.version, csrf_token: secret() });
      const answer = await fetch(words.draftTo, { method: "POST", body, headers: { ...headers(), "Idempotency-Key": pending.key } });
      if (answer.ok) {
        version.value = (await answer.json()).version;
        pending = null;
        keep();
        tell(words.draftSaved.replace("{time}", now()));
        if (dirty) later(QUIET);
      } else if (answer.status === 409 && answer.headers.get("Content-Type")?.startsWith("application/json")) {
        const theirs = (await answer.json()).version;
        if (theirs !== undefined) {
          stopped = true;
          clash.hidden = false;
          clash.dataset.version = theirs;
        } else {
          stopped = true;
          tell(words.draftLost);
        }
      } else if (answer.status >= 500 || answer.status === 429) {
        later(AGAIN);
      } else {
        stopped = true;
        tell(words.draftLost);
      }
    } catch {
      tell(words.draftHere);
      later(AGAIN);
    } finally {
      sending = false;
    }
  }

  form.querySelector("[data-draft-save]").hidden = true;
  form.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    dirty = true;
    keep();
    later(QUIET);
  });
  clash.querySelector("[data-draft-mine]").addEventListener("click", () => {
    version.value = clash.dataset.version;
    pending = null;
    dirty = true;
    stopped = false;
    clash.hidden = true;
    later(0);
  });
  clash.querySelector("a").addEventListener("click", (event) => {
    event.preventDefault();
    store?.removeItem(place);
    stopped = true;
    window.location.reload();
  });
  window.addEventListener("online", () => later(0));

  const refused = document.querySelector(".bf-summary") !== null; // the server's own answer is newer than what was kept
  let held = null;
  try {
    held = JSON.parse(store?.getItem(place) ?? "null");
  } catch {
    // unreadable: as if nothing was kept
  }
  if (held && !refused) {
    pending = held.pending;
    if (held.pending || held.version === version.value) fill(held.values);
    else {
      clash.hidden = false;
      clash.dataset.version = version.value;
      stopped = true;
      fill(held.values);
    }
    later(0);
  }

  let sure = false;
  form.addEventListener("submit", async (event) => {
    stopped = true; // the acceptance takes the draft's place
    keep();
    if (navigator.onLine || sure) return;
    event.preventDefault();
    const button = event.submitter;
    try {
      await fetch(window.location.href, { method: "HEAD", cache: "no-store" }); // a browser may think itself offline
      sure = true;
      form.requestSubmit(button);
    } catch {
      stopped = false;
      tell(words.draftHere);
      later(AGAIN);
    }
  });

  const photos = document.getElementById("photos");
  const waiting = [];
  let uploading = false;
  document.querySelectorAll("[data-photo]").forEach((input) => input.addEventListener("change", async () => {
    for (const file of input.files) waiting.push({ name: input.name, key: crypto.randomUUID(), file: await small(file), at: input.closest("label") });
    input.value = "";
    upload();
  }));
  window.addEventListener("online", () => upload());

  async function upload() {
    if (uploading || !waiting.length) return;
    uploading = true;
    const next = waiting[0];
    try {
      const body = new FormData();
      body.append("csrf_token", secret());
      body.append(next.name, next.file, "photo.jpg");
      const answer = await fetch(photos.action, { method: "POST", body, headers: { ...headers(), "Idempotency-Key": next.key } });
      waiting.shift();
      if (answer.ok) {
        for (const address of (await answer.json()).photos) {
          const shown = new Image();
          shown.src = address;
          shown.alt = "";
          next.at.before(shown);
        }
      } else {
        tell(words.draftLost);
      }
    } catch {
      tell(words.photoWaits.replace("{count}", waiting.length));
      setTimeout(upload, AGAIN);
    } finally {
      uploading = false;
    }
    if (waiting.length && navigator.onLine) upload();
  }
}

/** A photograph as JPEG of at most LONGEST pixels; as it is where the browser cannot. */
async function small(file) {
  try {
    const picture = await createImageBitmap(file);
    const ratio = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(picture.width * ratio), Math.round(picture.height * ratio)];
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await new Promise((ready) => canvas.toBlob((blob) => ready(blob ?? file), "image/jpeg", 0.8));
  } catch {
    return file;
  }
}
