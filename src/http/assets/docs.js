"use strict";

// Keys typed in are kept in this page only, and nothing is sent to the validator that Swagger UI asks by default.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  validatorUrl: null,
});
