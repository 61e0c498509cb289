// Does the work that a form is asked for (ALTCHA's wire format): once the reader turns to it, a worker looks for
// the number that makes the challenge's sum, and the form gets what it finds. It never sends a form that nobody
// sent: whoever presses before the work is done waits for it, with words. Where anything fails, the form is sent
// as it stands. This file is the page's script and the worker's.
const page = typeof document === "object";
const patience = 20_000; // milliseconds that a press waits at most
const lasts = 9 * 60_000; // a minute less than the server takes a solution

if (page) {
  const form = document.querySelector("form[data-challenge]");
  if (form?.requestSubmit) proveFor(form);
} else {
  onmessage = ({ data }) => postMessage(find(data));
}

function proveFor(form) {
  const field = form.elements.altcha;
  const status = form.querySelector("[role=status]");
  const say = (word) => status.textContent = status.dataset[word];
  let work, settled, waiting; // the promise of it; when it ended; whether the reader waits

  const start = () => work ??= solve(form.dataset.challenge).then((solution) => {
    field.value = solution;
    say("done");
  }, () => status.textContent = "").then(() => settled = Date.now());
  const begin = () => {
    if (!work) say("doing");
    return start();
  };
  const reset = () => {
    work = settled = waiting = undefined;
    field.value = "";
    status.textContent = "";
  };

  form.addEventListener("focusin", begin);
  if (form.contains(document.activeElement)) begin();
  form.addEventListener("submit", (event) => {
    if (settled && (waiting || Date.now() - settled < lasts)) return;
    event.preventDefault();
    if (waiting) return;
    if (settled) reset();
    waiting = true;
    say("wait");
    start().then(() => form.requestSubmit(event.submitter));
  });
  addEventListener("pageshow", ({ persisted }) => persisted && reset()); // a solution counts once
}

// solve returns the form field of a challenge's solution.
async function solve(url) {
  const answer = await fetch(url, { credentials: "omit", signal: AbortSignal.timeout(patience / 2) });
  if (!answer.ok) throw answer.status;
  const challenge = await answer.json();
  const worker = new Worker(import.meta.url, { type: "module" });
  try {
    const number = await new Promise((found, failed) => {
      worker.onmessage = ({ data }) => found(data);
      worker.onerror = failed;
      setTimeout(failed, patience / 2);
      worker.postMessage(challenge);
    });
    const { algorithm, salt, signature } = challenge;
    return btoa(JSON.stringify({ algorithm, challenge: challenge.challenge, number, salt, signature }));
  } finally {
    worker.terminate();
  }
}

// find is the number whose SHA-256 (FIPS 180-4) behind the salt is the challenge. Both fit into one block, and
// Web Crypto would neither be there on plain http nor be quicker for so little.
function find({ salt, challenge, maxnumber }) {
  const fraction = (x) => (x % 1) * 2 ** 32 | 0;
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  const initial = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
  const constants = Int32Array.from(primes, (p) => fraction(Math.cbrt(p)));
  const wanted = initial.map((h, i) => parseInt(challenge.slice(8 * i, 8 * i + 8), 16) - h | 0);
  const block = new DataView(new ArrayBuffer(64));
  const bytes = new Uint8Array(block.buffer);
  const w = new Int32Array(64);
  const turn = (x, n) => x >>> n | x << 32 - n;
  bytes.set(new TextEncoder().encode(salt));

  for (let number = 0; number <= maxnumber; number++) {
    const digits = String(number);
    const end = salt.length + digits.length;
    for (let i = 0; i < digits.length; i++) bytes[salt.length + i] = digits.charCodeAt(i);
    bytes[end] = 0x80;
    block.setUint32(60, end * 8);
    for (let i = 0; i < 16; i++) w[i] = block.getInt32(4 * i);
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15], y = w[i - 2];
      w[i] = w[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ x >>> 3) + w[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ y >>> 10);
    }
    let [a, b, c, d, e, f, g, h] = initial;
    for (let i = 0; i < 64; i++) {
      const t = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (e & f ^ ~e & g) + constants[i] + w[i] | 0;
      const u = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + (a & b ^ a & c ^ b & c) | 0;
      h = g; g = f; f = e; e = d + t | 0; d = c; c = b; b = a; a = t + u | 0;
    }
    if (a === wanted[0] && [a, b, c, d, e, f, g, h].every((word, i) => word === wanted[i])) return number;
  }
  throw new RangeError("no number makes that sum");
}
