// The live total of the product page's quantity; without it the form counts on the server.
import { brief, formatMoney, formatQuantity, moneyOf, nextBreak, offerOf, parseQuantity, priceAt, problemOf } from "./money.js";

const form = document.querySelector("[data-calculator]");

function show() {
  const offer = offerOf(form);
  const quantity = parseQuantity(form.elements.quantity.value);
  const problem = quantity === null || problemOf(offer, quantity);
  const out = (name, text) => form.querySelectorAll(`[data-out=${name}]`).forEach((element) => { element.textContent = text; });
  const more = form.querySelector("[data-out=more]");
  form.elements.quantity.classList.toggle("is-invalid", Boolean(problem));
  if (quantity === null) return;
  out("quantity", formatQuantity(quantity));
  out("price", formatMoney(priceAt(offer, quantity)));
  out("money", formatMoney(moneyOf(offer, quantity)));
  const next = nextBreak(offer, quantity);
  more.hidden = !next && !problem;
  if (problem) more.textContent = form.dataset.off;
  else if (next) more.textContent = form.dataset.more.replace("{more}", `${brief(next[0] - quantity)} ${form.dataset.unit}`).replace("{price}", formatMoney(next[1]));
  document.querySelectorAll("#breaks tbody tr").forEach((row, place) => {
    const [from] = offer.breaks[place];
    const to = offer.breaks[place + 1]?.[0];
    row.classList.toggle("bf-hit", quantity >= from && (to === undefined || quantity < to));
  });
}

if (form) {
  form.elements.quantity.addEventListener("input", show);
  show(); // what was typed before this module came
}
