// Keys for readers who work without a mouse; every page works without this file.
// Single keys can be switched off on the help page: then <body data-keys="off">.
"use strict";

(() => {
  const PREFIX_LASTS = 1500;
  const LIVE_EVERY = 20000;
  const RENEW_EVERY = 60000;
  const IDLE_AFTER = 5 * 60 * 1000;
  let waitsForLetter = 0;
  let touchedAt = Date.now();

  const areOn = () => document.body.dataset.keys !== "off";
  const isTyping = (element) =>
    element.isContentEditable ||
    (/^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) && !/^(checkbox|radio)$/.test(element.type));
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const press = (selector) => {
    const found = [...document.querySelectorAll(selector)].find((each) => each.checkVisibility());
    if (!found) return false;
    found.click();
    if (found.matches("details[open] > summary")) enter(found.parentElement);
    return true;
  };

  // A form that a key has opened: its first field, or its button, has the focus.
  function enter(part) {
    const fields = 'input:not([type="hidden"]), select, textarea, button';
    const first = [...part.querySelectorAll(fields)].find((each) => each.checkVisibility());
    if (first) first.focus({ preventScroll: true });
    part.scrollIntoView({ block: "nearest" });
  }

  // Esc closes the open part, also from outside of it; what was typed stays in it.
  function leave(element) {
    const open = "details[open][name]";
    const part = element.closest(open) || document.querySelector(open);
    if (!part) return false;
    part.open = false;
    part.querySelector("summary").focus();
    return true;
  }

  function step(by) {
    const all = rows();
    if (!all.length) return false;
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[Math.max(0, Math.min(all.length - 1, at + by))] || all[0];
    const link = next.matches("a, button") ? next : next.querySelector("a, button");
    link.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  function search() {
    const box = document.querySelector("[data-search]");
    if (!box) return press('[data-key="v"]');
    box.focus();
    box.select();
    return true;
  }

  const KEYS = { "/": search, j: () => step(1), k: () => step(-1), "?": () => press('[data-key="?"]') };

  // Behind `g`: a screen. Else: a key of this page, as `data-press` names it, or one of all pages.
  function pressed(key) {
    if (Date.now() < waitsForLetter) {
      waitsForLetter = 0;
      return press(`nav [data-key="${CSS.escape(key)}"]`);
    }
    if (key === "g") {
      waitsForLetter = Date.now() + PREFIX_LASTS;
      return true;
    }
    return press(`[data-press="${CSS.escape(key)}"]`) || (key in KEYS && KEYS[key]());
  }

  document.addEventListener("keydown", (event) => {
    touchedAt = Date.now();
    if (event.key === "Escape" && isTyping(event.target)) {
      event.target.blur();
      return;
    }
    if (event.key === "Escape" && (leave(event.target) || press("[data-back]"))) {
      event.preventDefault();
      return;
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
      event.target.form.requestSubmit();
      return;
    }
    if (event.key === "Enter" && event.target !== document.body) return;
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || !areOn()) return;
    if (pressed(event.key)) event.preventDefault();
  });
  ["pointerdown", "pointermove", "wheel"].forEach((kind) =>
    document.addEventListener(kind, () => (touchedAt = Date.now()), { passive: true }),
  );

  // A text that was typed and not sent: the browser asks before it is lost.
  let isSending = false;
  document.addEventListener("submit", (event) => {
    isSending = event.target.matches("[data-form]");
  });
  window.addEventListener("beforeunload", (event) => {
    const texts = [...document.querySelectorAll("textarea[data-keep]")];
    if (!isSending && texts.some((each) => each.value !== each.defaultValue)) event.preventDefault();
  });

  // A refused or failed request of htmx leaves the page as it is, and a notice says from when that is.
  const isAutomatic = (part) => part.matches("[data-live], [data-renew]");
  const isRefused = ({ elt, xhr, requestConfig }) =>
    xhr.status === 401 ? isAutomatic(elt) : xhr.status >= (requestConfig.verb === "get" ? 400 : 500);
  function tellOfRefusal({ elt, target, xhr }) {
    const notice = document.getElementById("unrefreshed");
    if (!notice) return;
    const { asOf } = ((isAutomatic(elt) ? elt : target) || elt).closest("[data-as-of]").dataset;
    const parts = [`${notice.dataset.text} ${asOf}. `];
    if (xhr.status === 401) {
      const link = document.createElement("a");
      link.href = location.href;
      link.textContent = notice.dataset.signIn;
      parts.push(link);
    }
    notice.replaceChildren(...parts);
  }
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (isRefused(event.detail)) {
      event.preventDefault();
      tellOfRefusal(event.detail);
    } else document.getElementById("unrefreshed")?.replaceChildren();
  });
  ["htmx:sendError", "htmx:timeout"].forEach((kind) =>
    document.addEventListener(kind, (event) => tellOfRefusal(event.detail)),
  );

  // Parts of a page that show the present: only while somebody looks, so that a session still ends.
  const send = (kind) => (part) => part.dispatchEvent(new Event(kind));
  setInterval(() => {
    if (document.visibilityState !== "visible" || Date.now() - touchedAt > IDLE_AFTER) return;
    document.querySelectorAll("[data-renew]").forEach(send("renew"));
  }, RENEW_EVERY);
  setInterval(() => {
    if (document.visibilityState !== "visible" || Date.now() - touchedAt > IDLE_AFTER) return;
    if (isTyping(document.activeElement)) return;
    document.querySelectorAll("[data-live]").forEach(send("live"));
  }, LIVE_EVERY);
})();
