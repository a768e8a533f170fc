"use strict";

SwaggerUIBundle({
  url: document.getElementById("document").dataset.url,
  dom_id: "#document",
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
});
