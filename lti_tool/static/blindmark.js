// Small conveniences. Every page works without this file; docs/design.md lists the attributes it answers to.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const memory = {
    get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
    set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* storage is off: the choice lasts for this page */ } },
  };

  // The frame: tell the LMS how tall the page is. The body is measured, because the root is never shorter than its frame.
  if (window.parent !== window) {
    let told = 0;
    const tell = () => {
      const height = Number(document.body.dataset.frameHeight) || Math.ceil(document.body.getBoundingClientRect().height);
      if (height === told) return;
      told = height;
      window.parent.postMessage({ subject: "lti.frameResize", height }, "*");
    };
    new ResizeObserver(tell).observe(document.body);
  }

  // Tabs that are wider than the screen: the current one is in view.
  all(".tabs a[aria-current]").forEach((tab) => { tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft; });

  // data-selection-into: what is selected in an element is put into a field.
  all("[data-selection-into]").forEach((source) => {
    const field = document.querySelector(source.dataset.selectionInto);
    document.addEventListener("selectionchange", () => {
      const selection = document.getSelection();
      const words = selection.toString().replace(/\s+/g, " ").trim();
      if (field && words && words.length <= field.maxLength && source.contains(selection.anchorNode) && source.contains(selection.focusNode)) field.value = words;
    });
  });

  // Keyboard: data-key on links, buttons, summaries and fields.
  let keysOn = memory.get("blindmark-keys") !== "off";
  const showKeys = () => {
    all("[data-keys-hints]").forEach((hints) => { hints.hidden = false; });
    all("[data-keys-switch]").forEach((button) => { button.textContent = keysOn ? button.dataset.on : button.dataset.off; });
  };
  const typing = (element) => element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  // data-row-keys: j and k go from tick to tick, x ticks.
  const rowKey = (key) => {
    const ticks = all("[data-row-keys] tbody .tick");
    const now = ticks.indexOf(document.activeElement);
    if (!ticks.length || (key === "x" && now < 0)) return false;
    if (key === "x") ticks[now].click();
    else ticks[Math.min(Math.max(now + (key === "j" ? 1 : -1), 0), ticks.length - 1)].focus();
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (!keysOn || event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.target instanceof Element && typing(event.target)) return;
    if ("jkx".includes(event.key) && rowKey(event.key)) { event.preventDefault(); return; }
    const target = all("[data-key]").find((element) => element.dataset.key === event.key && !element.disabled && element.getClientRects().length);
    if (!target) return;
    event.preventDefault();
    target.focus();
    if (!typing(target)) target.click();
  });

  // Ticks: one for all, a live count, and buttons that wait for the first tick.
  const count = () => {
    all("[data-select-all]").forEach((master) => {
      const scope = master.closest("form") || document;
      const ticks = all(`input[type=checkbox][name="${CSS.escape(master.dataset.selectAll)}"]`, scope);
      const ticked = ticks.filter((tick) => tick.checked).length;
      master.hidden = ticks.length === 0;
      master.checked = ticked > 0 && ticked === ticks.length;
      master.indeterminate = ticked > 0 && ticked < ticks.length;
      all("[data-select-count]", scope).forEach((place) => { place.textContent = place.dataset.selectCount.replace("{count}", ticked); });
      const everything = all("[data-all-matching]", scope).some((tick) => tick.checked);
      all("[data-needs-selection]", scope).forEach((button) => { button.disabled = ticked === 0 && !everything; });
    });
  };

  // Unsaved words: ask before the page is left. A saved draft counts as saved.
  const unsaved = new Set();
  window.addEventListener("beforeunload", (event) => { if (unsaved.size) event.preventDefault(); });
  document.addEventListener("submit", (event) => unsaved.delete(event.target));
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-warn-unsaved]");
    if (form) unsaved.add(form);
  });

  // Autosave: htmx sends the form; this says how it went.
  const status = (event, word, withTime = false) => {
    const form = event.target.closest?.("form[data-autosave]");
    const place = form && form.querySelector("[data-autosave-status]");
    if (!place) return;
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    place.textContent = place.dataset[word] + (withTime ? ` ${time}` : "");
    if (withTime) unsaved.delete(form);
  };
  document.addEventListener("htmx:beforeRequest", (event) => status(event, "saving"));
  document.addEventListener("htmx:afterRequest", (event) => (event.detail.successful ? status(event, "saved", true) : status(event, "failed")));

  // Evidence: a quotation lights up its passage, and brings it into view inside its own pane only, so nothing jumps.
  const passage = (event) => {
    const link = event.target.closest?.('a[href^="#ev-"]');
    return link && document.getElementById(link.hash.slice(1));
  };
  const light = (event) => {
    const mark = passage(event);
    if (!mark) return;
    mark.classList.add("is-lit");
    const pane = mark.closest("[data-scroll]");
    if (!pane || pane.scrollHeight <= pane.clientHeight) return;
    const [inner, outer] = [mark.getBoundingClientRect(), pane.getBoundingClientRect()];
    if (inner.top >= outer.top && inner.bottom <= outer.bottom) return;
    const top = pane.scrollTop + inner.top - outer.top - pane.clientHeight / 3;
    pane.scrollTo({ top, behavior: calm.matches ? "auto" : "smooth" });
  };
  const dim = (event) => passage(event)?.classList.remove("is-lit");
  [["mouseover", light], ["focusin", light], ["mouseout", dim], ["focusout", dim]].forEach(([name, act]) => document.addEventListener(name, act));

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-print]")) window.print();
    if (event.target.closest?.("[data-lti-close]")) {
      const subject = document.querySelector("[data-lti-close]").dataset.ltiClose || "org.imsglobal.lti.close";
      (window.opener || window.parent).postMessage({ subject }, "*");
    }
    if (!event.target.closest?.("[data-keys-switch]")) return;
    keysOn = !keysOn;
    memory.set("blindmark-keys", keysOn ? "on" : "off");
    showKeys();
  });
  document.addEventListener("change", (event) => {
    const master = event.target.closest?.("[data-select-all]");
    if (master) {
      const scope = master.closest("form") || document;
      all(`input[type=checkbox][name="${CSS.escape(master.dataset.selectAll)}"]`, scope).forEach((tick) => { tick.checked = master.checked; });
    }
    count();
  });
  document.addEventListener("htmx:afterSettle", () => { count(); showKeys(); });
  all("form[data-submit-now]").slice(0, 1).forEach((form) => form.submit());
  all("[data-focus-first]").slice(0, 1).forEach((element) => element.focus());
  all("[data-print]").forEach((button) => { button.hidden = false; });
  count();
  showKeys();
})();
