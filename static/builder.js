// The bulk order's live table: prices, steps, problems and totals as the server counts them; search while adding; paste.
// Without this module the same form works: every button posts it.
import { brief, formatAmount, formatMoney, moneyOf, nextBreak, offerOf, parseQuantity, priceAt, problemOf } from "./money.js";

const form = document.getElementById("builder");
const words = JSON.parse(form.dataset.words);
const rows = [...form.querySelectorAll("[data-line]")];
const put = (name, text) => document.querySelectorAll(`[data-out=${name}]`).forEach((element) => { element.textContent = text; });
const quantityOf = (row) => row.querySelector("input[inputmode=decimal]");
const worded = (code, offer, unit) => words[code].replace("{unit}", unit).replace(/\{(step|minimum|pack|available)\}/, (_all, name) => brief(offer[name]));

function why(row) {
  const next = row.nextElementSibling;
  return next?.matches("[data-why]") ? next : null;
}

// The row beneath: what is wrong and the quantities that would be right; a reason's input in it stays.
function explain(row, text, repairs) {
  let beneath = why(row);
  if (!beneath && text) {
    beneath = document.createElement("tr");
    beneath.dataset.why = "";
    beneath.append(document.createElement("td"), Object.assign(document.createElement("td"), { colSpan: 9, className: "bf-wide" }));
    row.after(beneath);
  }
  if (!beneath) return;
  const cell = beneath.lastElementChild;
  cell.querySelectorAll(":scope > b, :scope > button").forEach((element) => element.remove());
  beneath.className = `why ${text ? "bad" : cell.querySelector("input") ? "warn" : ""}`;
  if (!text && !cell.textContent.trim() && !cell.querySelector("input")) return beneath.remove();
  const buttons = repairs.filter((value) => value > 0n).map((value) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-quiet btn-sm ms-1", textContent: words.repair.replace("{quantity}", brief(value)) });
    button.addEventListener("click", () => { quantityOf(row).value = brief(value).replaceAll(",", ""); changed(row); quantityOf(row).focus(); });
    return button;
  });
  if (text) cell.prepend(Object.assign(document.createElement("b"), { textContent: text }), ...buttons);
}

function steps(row, offer, quantity) {
  row.querySelectorAll(".bf-steps rect").forEach((box, place) => {
    const reached = place === 0 || quantity >= offer.breaks[place][0];
    box.setAttribute("class", reached ? "f-settled" : "f-open");
  });
}

function changed(row) {
  const offer = offerOf(row);
  const input = quantityOf(row);
  const quantity = parseQuantity(input.value);
  const problem = quantity === null ? { code: "not_a_quantity", repairs: [offer.minimum] } : problemOf(offer, quantity);
  const next = problem ? null : nextBreak(offer, quantity);
  row.dataset.wrong = problem ? "1" : "";
  row.className = problem ? "bad" : row.dataset.blocked === "1" ? "warn" : "";
  input.classList.toggle("is-invalid", Boolean(problem));
  input.toggleAttribute("aria-invalid", Boolean(problem));
  row.querySelector("[data-out=more]").textContent = next ? words.more.replace("{more}", brief(next[0] - quantity)).replace("{price}", formatAmount(next[1])).replace("{unit}", row.dataset.priceUnit).replace("{less}", formatAmount(priceAt(offer, quantity) - next[1])) : "";
  if (quantity !== null) {
    row.querySelector("[data-out=price]").textContent = formatAmount(priceAt(offer, quantity));
    steps(row, offer, quantity);
  }
  explain(row, problem ? worded(problem.code, offer, row.dataset.unit) : "", problem?.repairs ?? []);
  put("saved", words.unsaved);
  totals();
}

function totals() {
  let total = 0n, counted = 0n, good = 0;
  const suppliers = new Map();
  for (const row of rows) {
    const offer = offerOf(row);
    const quantity = parseQuantity(quantityOf(row).value);
    const fine = row.dataset.blocked !== "1" && quantity !== null && !problemOf(offer, quantity);
    const money = fine ? moneyOf(offer, quantity) : 0n;
    row.querySelector("[data-out=line]").textContent = fine ? formatAmount(money) : "—";
    if (!fine) continue;
    good += 1;
    total += money;
    if (row.querySelector("[name$='.counts']").value === "1") counted += money;
    const sum = suppliers.get(row.dataset.supplier) ?? { rows: 0, fen: 0n };
    suppliers.set(row.dataset.supplier, { rows: sum.rows + 1, fen: sum.fen + money });
  }
  put("good", good);
  put("suppliers", suppliers.size);
  put("money", formatMoney(total));
  put("amount", formatAmount(total));
  const left = document.querySelector("[data-out=left]");
  if (left) {
    const fen = BigInt(left.dataset.left) - counted;
    left.textContent = formatMoney(fen < 0n ? 0n : fen);
    put("beyond", fen < 0n ? words.beyond.replace("{fen}", formatMoney(-fen)) : "");
  }
  const sumOf = (line) => suppliers.get(line.dataset.supplier) ?? { rows: 0, fen: 0n };
  const table = document.getElementById("by-supplier");
  if (!table) return;
  table.append(...[...table.rows].sort((one, other) => Number(sumOf(other).fen - sumOf(one).fen)));
  [...table.rows].forEach((line) => {
    const sum = sumOf(line);
    const share = total ? (sum.fen * 10000n) / total : 0n;
    const [, count, fen, part] = line.cells;
    count.textContent = sum.rows;
    fen.textContent = formatAmount(sum.fen);
    part.textContent = `${(Math.round(Number(share) / 10) / 10).toFixed(1)}\u00a0%`;
  });
}

rows.forEach((row, place) => {
  const input = quantityOf(row);
  input.addEventListener("input", () => changed(row));
  if (input.value !== input.defaultValue) changed(row); // typed before this module came, or kept by the browser
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return; // Enter goes to the next line, not to the server
    event.preventDefault();
    const next = rows[place + 1];
    (next ? quantityOf(next) : form.elements.entry).focus();
  });
});

// Search as you add: suggestions below the entry, arrows choose, Enter adds.
const entry = form.elements.entry;
const box = entry.closest("[data-suggest]");
const list = Object.assign(document.createElement("ul"), { id: "suggestions", hidden: true });
list.setAttribute("role", "listbox");
box.append(list);
for (const [name, value] of [["role", "combobox"], ["aria-controls", "suggestions"], ["aria-expanded", "false"], ["aria-autocomplete", "list"]]) entry.setAttribute(name, value);
let chosen = -1, asked = 0, waiting = 0;

const parts = (text) => /^(.*\S)\s+([\d.,，]+\S{0,2})$/.exec(text.trim()) ?? [null, text.trim(), ""];
const submit = (value) => form.requestSubmit(form.querySelector(`button[value="${value}"]`));

function close() {
  list.hidden = true;
  chosen = -1;
  entry.setAttribute("aria-expanded", "false");
  entry.removeAttribute("aria-activedescendant");
}

function choose(place) {
  chosen = place;
  [...list.children].forEach((item, number) => item.setAttribute("aria-selected", String(number === place)));
  if (place >= 0) entry.setAttribute("aria-activedescendant", list.children[place].id);
}

function add(item) {
  const quantity = parts(entry.value)[2];
  entry.value = `${item.dataset.code} ${quantity}`.trim();
  submit("add");
}

function show(items) {
  list.replaceChildren(...items.map((item, place) => {
    const line = Object.assign(document.createElement("li"), { id: `suggestion-${place}` });
    line.setAttribute("role", "option");
    line.dataset.code = item.code;
    const name = document.createElement("span");
    name.append(item.name, " ", Object.assign(document.createElement("small"), { textContent: item.supplier }));
    line.append(Object.assign(document.createElement("span"), { textContent: item.code }), name, Object.assign(document.createElement("span"), { textContent: `¥${item.price}` }));
    line.addEventListener("mousedown", (event) => { event.preventDefault(); add(line); });
    return line;
  }));
  list.hidden = !items.length;
  entry.setAttribute("aria-expanded", String(!list.hidden));
  choose(items.length ? 0 : -1);
}

async function ask() {
  const text = parts(entry.value)[1];
  const mine = ++asked;
  if (text.length < 1) return close();
  const answer = await fetch(`${box.dataset.suggest}?q=${encodeURIComponent(text)}`);
  if (mine === asked && answer.ok) show((await answer.json()).items);
}

entry.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, 120); });
entry.addEventListener("blur", close);
entry.addEventListener("keydown", (event) => {
  const count = list.hidden ? 0 : list.children.length;
  if (event.key === "Escape") close();
  else if (count && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    choose((chosen + (event.key === "ArrowDown" ? 1 : count - 1)) % count);
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (count && chosen >= 0) add(list.children[chosen]);
    else if (entry.value.trim()) submit("add");
  }
});

// Two columns pasted anywhere in the entry go to the paste box and are added at once.
entry.addEventListener("paste", (event) => {
  const text = event.clipboardData.getData("text");
  if (!/[\t\n]/.test(text.trim())) return;
  event.preventDefault();
  form.elements.paste.value = text;
  submit("paste");
});
if (location.hash === "#entry") entry.focus();
