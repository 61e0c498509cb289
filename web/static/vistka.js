// <vistka-signup>: signs a reader up without leaving the page. Inside it stands the plain form, which does
// the same without this script: whatever fails here, the form is sent as it stands. No cookie, and no style but
// that of what is wrong.
const make = (tag, props = {}, ...inside) => {
  const element = Object.assign(document.createElement(tag), props);
  element.append(...inside);
  return element;
};
let serial = 0;
// Colour and ground come as a pair, so that they can be read on any site, and follow its colour scheme.
try {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`vistka-signup .vistka-error {
    display: inline-block; padding: .125em .375em; color: #9a2318; background: #f9e7e1;
    color: light-dark(#9a2318, #f0a093); background: light-dark(#f9e7e1, #361f1b);
  }`);
  document.adoptedStyleSheets.push(sheet);
} catch {} // an old browser: the words are bold all the same
const fault = (prefix, title) => make("strong", { className: "vistka-error", textContent: prefix + ": " + title });
const headed = ({ title, text }) => [make("strong", { textContent: title }), make("br"), text];
const region = () => {
  const element = make("div", { id: "vistka-" + ++serial, tabIndex: -1 });
  element.setAttribute("role", "status");
  return element;
};

customElements.define("vistka-signup", class extends HTMLElement {
  connectedCallback() {
    const frame = this.querySelector("iframe");
    const form = this.querySelector("form");
    if (this.form || this.frame) return;
    if (this.frame = frame) addEventListener("message", (event) => this.fit(event));
    else if (this.form = form) this.upgrade(form);
  }

  // fit gives the frame the height that the page in it asks for.
  fit({ source, origin, data }) {
    if (source === this.frame.contentWindow && origin === new URL(this.frame.src).origin && data?.vistka > 0) {
      this.frame.height = Math.min(data.vistka, 5000);
    }
  }

  upgrade(form) {
    const field = this.field = form.elements.email;
    this.hints = field.getAttribute("aria-describedby");
    this.status = form.querySelector("[role=status]") ?? region();
    this.status.id ||= region().id;
    if (!this.status.isConnected) (field.parentElement === form ? field : field.parentElement).before(this.status);
    form.noValidate = true;
    // Nothing is asked of the server before the reader turns to the form.
    form.addEventListener("focusin", () => this.token ??= this.fetchToken());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.busy ??= this.signUp().finally(() => this.busy = null);
    });
  }

  url(path) {
    return new URL("/api/v1/subscriptions" + path, this.form.action);
  }

  // call posts JSON and returns the answer, a problem (RFC 9457) too.
  async call(path, body) {
    const { newsletter, lang } = this.form.elements;
    const response = await fetch(this.url(path), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ newsletter: newsletter.value, lang: lang?.value, ...body }),
      credentials: "omit",
      signal: AbortSignal.timeout(10_000),
    });
    return { ok: response.ok, ...await response.json() };
  }

  fetchToken() {
    const url = this.url("/form?newsletter=" + this.form.elements.newsletter.value);
    return fetch(url, { credentials: "omit" }).then((response) => response.json()).then((answer) => answer.form, () => null);
  }

  async signUp() {
    const fields = Object.fromEntries(new FormData(this.form));
    const here = document.querySelector("link[rel=canonical]")?.href ?? location.href;
    let answer;
    try {
      const token = await (this.token ??= this.fetchToken());
      answer = await this.call("", { ...fields, article: fields.article || here, form: token, kept: this.kept });
    } catch {
      answer = {};
    }
    this.token = null;
    if (answer.ok) this.sent(answer, fields.email.trim());
    else if (answer.field) this.refuse(answer);
    else HTMLFormElement.prototype.submit.call(this.form); // what no field can mend, a page of Vistka's explains
  }

  // say puts words beside a field and ties them to it; without words it takes them away.
  say(field, status, hints, wrong, ...words) {
    status.replaceChildren(...words);
    field.setAttribute("aria-invalid", wrong);
    field.setAttribute("aria-describedby", [hints, words.length && status.id].filter(Boolean).join(" "));
  }

  refuse({ prefix, title, detail, suggestion, use }) {
    if (suggestion) {
      this.kept = this.field.value;
      const button = make("button", { type: "button", textContent: use, onclick: () => {
        this.field.value = this.kept = suggestion;
        this.form.requestSubmit();
      } });
      this.say(this.field, this.status, this.hints, false, title + " ", button, " " + detail);
    } else {
      this.say(this.field, this.status, this.hints, true, fault(prefix, title));
    }
    this.field.focus();
  }

  // sent shows the step that is left, in the form's place. The server's words mask the
  // address; the reader has just typed it here and is asked whether it is right. What was
  // pasted with more about it was taken without that, so it stays masked.
  sent({ handle, masked, words }, typed) {
    const address = /^[^\s<>:]+@[^\s<>]*[^\s<>.,;]$/.test(typed) ? typed : masked;
    const whole = ({ title, text }) => headed({ title, text: text.replace(masked, () => address) });
    const status = region();
    const digits = make("input", { id: status.id + "-code", name: "code", inputMode: "numeric", autocomplete: "one-time-code", maxLength: 12 });
    const note = region();
    const consent = make("p", { id: status.id + "-consent", textContent: words.consent });
    digits.setAttribute("aria-describedby", consent.id);
    const told = region(); // beside "send again"
    const act = async (path, body, then) => {
      const answer = await this.call(path, { handle, ...body }).catch(() => ({ title: words.failed }));
      handle = answer.handle ?? handle;
      then(answer);
    };
    const code = make("form", { noValidate: true, onsubmit: (event) => {
      event.preventDefault();
      act("/code", { code: digits.value }, (answer) => {
        if (answer.ok) {
          status.replaceChildren(...whole(answer.words));
          panel.replaceChildren(status);
          status.focus();
        } else {
          this.say(digits, note, consent.id, true, fault(words.prefix, answer.title));
          if (answer.type === "/problems/code_over") code.replaceWith(note); // nothing to type here any more
          (note.parentElement === panel ? note : digits).focus();
        }
      });
    } }, make("label", { htmlFor: digits.id, textContent: words.code }), consent, note, digits, make("button", { textContent: words.confirm }));
    const again = make("button", { type: "button", textContent: words.again, onclick: () =>
      act("/again", {}, (answer) => told.replaceChildren(answer.ok ? answer.title : fault(words.prefix, answer.title))) });
    const wrong = make("button", { type: "button", textContent: words.wrong, onclick: () => {
      panel.replaceWith(this.form);
      this.field.select(); // what is typed now takes its place
      this.field.focus();
    } });
    const panel = make("div", { className: "vistka-sent" }, status, code, make("p", { textContent: words.nothing }), make("p", {}, again, " ", wrong), told);
    status.append(...whole(words));
    this.kept = null;
    this.say(this.field, this.status, this.hints, false);
    this.form.replaceWith(panel);
    status.focus();
  }
});
