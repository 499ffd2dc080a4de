import type { Fault, Reply } from "./contract.ts";

/** Where each code has a page. */
const pages = "https://github.com/outhook/outhook/blob/main/docs/errors/";

/**
 * Renders a fault as problem details (RFC 9457), extended by `code`, `param` and `errors`. A 401 asks for a Bearer token.
 *
 * `typeOf` gives the URI of the kind of problem; default: the page about the code in Outhook's documentation.
 */
export function problemReply(
  { code, status, title, detail, param, errors, instance }: Fault,
  typeOf: (fault: { readonly code: Fault["code"]; readonly status: number }) => string = (fault) =>
    `${pages}${fault.code}.md`,
): Reply {
  return {
    status,
    contentType: "application/problem+json",
    headers: status === 401 ? { "www-authenticate": "Bearer" } : {},
    body: {
      type: typeOf({ code, status }),
      title,
      status,
      detail,
      instance,
      code,
      ...(param !== null && { param }),
      ...(errors.length > 0 && {
        errors: errors.map((one) => ({ param: one.param, detail: one.detail, code: one.code })),
      }),
    },
  };
}
