// Starts Swagger UI on the document of this service. Every address is relative to the page, which may be behind a prefix.
"use strict";

window.addEventListener("DOMContentLoaded", () => {
  const documentUrl = new URL("openapi.json", window.location.href).href;

  // A document without servers means the root of the host. Behind a prefix, the service is where its document is.
  const withServers = (response) => {
    if (response.url !== documentUrl || !response.ok) {
      return response;
    }
    const document = JSON.parse(response.text);
    if (!document.servers) {
      const here = new URL(".", documentUrl).pathname;
      document.servers = [{ url: here.replace(/(.)\/$/, "$1") }];
      response.text = JSON.stringify(document);
    }
    return response;
  };

  window.ui = SwaggerUIBundle({
    url: documentUrl,
    dom_id: "#swagger-ui",
    layout: "BaseLayout",
    deepLinking: true,
    // It would send the document to a server of somebody else.
    validatorUrl: null,
    responseInterceptor: withServers,
  });
});
