"use strict";
document.getElementById("go").submit();
