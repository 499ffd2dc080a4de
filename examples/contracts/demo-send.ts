import { OuthookError } from "@outhook/core";
import type { Operation } from "@outhook/core/http";

/** `POST /demo/send {type, data}`, in place of an app that calls `send` when something happens in it. */
export const demoSend: Operation = {
  method: "POST",
  path: "/demo/send",
  can: "manage",
  fields: { type: { as: "type", required: true, read: text }, data: { as: "data", required: true } },
  perform: async ({ tenant, body }) => {
    const { id } = await tenant.send(String(body["type"]), body["data"]);
    return { status: 202, body: { id } };
  },
};

function text(value: unknown, param: string): string {
  if (typeof value === "string") return value;
  throw new OuthookError("invalid_event_type", `${param} must be text, such as "loan.active"`, { param });
}
