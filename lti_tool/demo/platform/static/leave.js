"use strict";
window.top.location.replace(document.getElementById("leave").href);
