// The server's rules of quantities and money, in integers only (core/quantity.py, core/money.py, catalogue/rules.py).

// "497.6" → 497600n thousandths; null when it is no quantity.
export function parseQuantity(text) {
  const found = /^(\d{1,9})(?:\.(\d{0,3})0*)?$/.exec(text.trim().replaceAll(/[,，]/g, ""));
  return found ? BigInt(found[1]) * 1000n + BigInt((found[2] ?? "").padEnd(3, "0")) : null;
}

export function formatQuantity(thousandths) {
  return `${grouped(thousandths / 1000n)}.${String(thousandths % 1000n).padStart(3, "0")}`;
}

// 8640000n → "8,640": decimals only where there are some.
export const brief = (thousandths) => formatQuantity(thousandths).replace(/\.000$/, "");

export function formatAmount(fen) {
  return `${grouped(fen / 100n)}.${String(fen % 100n).padStart(2, "0")}`;
}

export const formatMoney = (fen) => `¥${formatAmount(fen)}`;

const grouped = (whole) => String(whole).replaceAll(/\B(?=(\d{3})+$)/g, ",");

export const halfUp = (numerator, denominator) => (2n * numerator + denominator) / (2n * denominator);

// An offer's data attributes: data-pricing, data-content, data-step, data-pack, data-minimum, data-available, data-breaks.
export function offerOf(element) {
  const { pricing, content, step, pack, minimum, available, breaks } = element.dataset;
  return {
    pricing,
    content: BigInt(content),
    step: BigInt(step),
    pack: BigInt(pack),
    minimum: BigInt(minimum),
    available: BigInt(available),
    breaks: breaks.split(",").map((pair) => pair.split(":").map(BigInt)),
  };
}

export function priceAt(offer, quantity) {
  return offer.breaks.reduce((price, [from, fen]) => (quantity >= from ? fen : price), offer.breaks[0][1]);
}

export function moneyOf(offer, quantity) {
  const priced = offer.pricing === "counted" ? quantity : halfUp(quantity * offer.content, 1000n);
  return halfUp(priced * priceAt(offer, quantity), 1000n);
}

export const nextBreak = (offer, quantity) => offer.breaks.find(([from]) => from > quantity) ?? null;

// The first rule that a quantity breaks, as the server's code and the quantities that would be right; null when none.
export function problemOf(offer, quantity) {
  if (quantity <= 0n) return { code: "quantity_zero", repairs: [] };
  if (quantity % offer.step) return { code: "off_step", repairs: [quantity - (quantity % offer.step)] };
  if (quantity < offer.minimum) return { code: "below_minimum", repairs: [offer.minimum] };
  if (quantity % offer.pack) {
    const lower = quantity - (quantity % offer.pack);
    const least = lower > offer.minimum ? lower : offer.minimum;
    return { code: "off_pack", repairs: [least, lower + offer.pack].filter((value, place, all) => all.indexOf(value) === place) };
  }
  if (quantity > offer.available) return { code: "beyond_stock", repairs: [offer.available - (offer.available % offer.pack)] };
  return null;
}
