"use strict";
// What the tool may ask of the page around it: another height for its frame, or to be closed.
(() => {
  const frame = document.querySelector("iframe[data-tool-origin]");
  const closing = ["lti.close", "lti_close", "org.imsglobal.lti.close"];

  function read(data) {
    if (typeof data !== "string") return data;
    try {
      return JSON.parse(data);
    } catch {
      return null;
    }
  }

  window.addEventListener("message", (event) => {
    if (event.origin !== frame.dataset.toolOrigin || event.source !== frame.contentWindow) return;
    const message = read(event.data);
    if (message === null || typeof message !== "object") return;
    if (message.subject === "lti.frameResize") {
      const height = Number(message.height);
      if (height > 0) frame.style.height = `${Math.min(Math.max(Math.ceil(height), 200), 20000)}px`;
    } else if (closing.includes(message.subject)) {
      window.location.assign(frame.dataset.course);
    }
  });
})();
